// The graphics card's copy of a scene, and how it is drawn.

const KIND = { JUMP: 0, LINE: 1, DOT: 2, SHOTS: 3, LEAD: 4 };

// Slots in an order of which every beginning is spread evenly over the whole, so that fewer can be drawn while moving.
function spreadOrder(items) {
  const n = items.length, out = new Int32Array(n);
  if (!n) return out;
  const common = (a, b) => (b ? common(b, a % b) : a);
  let stride = Math.max(1, Math.round(n * 0.6180339887));
  while (common(stride, n) !== 1) stride++;
  for (let i = 0, at = 0; i < n; i++, at = (at + stride) % n) out[i] = items[at];
  return out;
}

class Drawing {
  constructor(canvas, smooth) {
    const gl = canvas.getContext("webgl2", { antialias: smooth, alpha: false, preserveDrawingBuffer: false });
    if (!gl) throw new Error("this browser has no WebGL 2, so there is no picture; the words below tell the same");
    this.gl = gl;
    this.programs = {
      dots: this.program(DOT_VERTEX, DOT_FRAGMENT),
      lines: this.program(LINE_VERTEX, LINE_FRAGMENT),
      travel: this.program(TRAVEL_VERTEX, PLAIN_FRAGMENT),
      edges: this.program(EDGE_VERTEX, PLAIN_FRAGMENT),
    };
    this.buffers = [];
    this.arrays = [];
    this.picking = null;
  }

  program(vertex, fragment) {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) || "no shader");
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || "no program");
    const places = {};
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const name = gl.getActiveUniform(program, i).name;
      places[name] = gl.getUniformLocation(program, name);
    }
    return { program, places };
  }

  // A scene takes the place of the one before.
  load(scene) {
    for (const buffer of this.buffers) this.gl.deleteBuffer(buffer);
    for (const array of this.arrays) this.gl.deleteVertexArray(array);
    this.buffers = [];
    this.arrays = [];
    this.scene = scene;
    const dots = [], lines = [], travel = [];
    const kind = scene.columns.kind;
    for (let i = 0; i < kind.length; i++) {
      if (kind[i] === KIND.DOT) dots.push(i);
      else if (kind[i] === KIND.LINE || kind[i] === KIND.SHOTS) lines.push(i);
      if (kind[i] !== KIND.LINE && kind[i] !== KIND.SHOTS) travel.push(i);
    }
    const { beginS, endS, lastsS, step, width } = scene.getters();
    this.dots = this.group(spreadOrder(dots), [3, 1, 1, 1], false, (into, at, i) => {
      scene.putEnd(into, at, i);
      into[at + 3] = endS(i); into[at + 4] = step(i); into[at + 5] = width(i);
    });
    this.lines = this.group(spreadOrder(lines), [3, 3, 2, 1, 1, 1], true, (into, at, i) => {
      scene.putStart(into, at, i);
      scene.putEnd(into, at + 3, i);
      into[at + 6] = beginS(i); into[at + 7] = lastsS(i); into[at + 8] = step(i); into[at + 9] = width(i);
      into[at + 10] = kind[i] === KIND.SHOTS ? scene.columns.count[i] >>> 0 : 0;
    });
    this.travelItems = spreadOrder(travel);
    this.travel = null;
    this.edges = { box: this.edgeGroup(scene.boxes.sample), envelope: this.edgeGroup(scene.boxes.envelope) };
  }

  // Numbers of the items, laid side by side by `fill`; `sizes` are those of the attributes. A look follows them.
  group(items, sizes, instanced, fill) {
    const gl = this.gl, stride = sizes.reduce((a, b) => a + b, 0);
    const values = new Float32Array(items.length * stride);
    for (let slot = 0; slot < items.length; slot++) fill(values, slot * stride, items[slot]);
    const array = this.vertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer(values, gl.STATIC_DRAW));
    let offset = 0;
    sizes.forEach((size, location) => {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, 4 * stride, 4 * offset);
      gl.vertexAttribDivisor(location, instanced ? 1 : 0);
      offset += size;
    });
    const looks = new Uint8Array(items.length * 4);
    const lookBuffer = this.buffer(looks, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, lookBuffer);
    gl.enableVertexAttribArray(sizes.length);
    gl.vertexAttribIPointer(sizes.length, 4, gl.UNSIGNED_BYTE, 4, 0);
    gl.vertexAttribDivisor(sizes.length, instanced ? 1 : 0);
    gl.bindVertexArray(null);
    return { items, array, looks, lookBuffer };
  }

  travelGroup() {
    const scene = this.scene, { beginS, lastsS, step } = scene.getters();
    this.travel ??= this.group(this.travelItems, [3, 3, 2, 1], true, (into, at, i) => {
      scene.putStart(into, at, i);
      scene.putEnd(into, at + 3, i);
      into[at + 6] = beginS(i); into[at + 7] = lastsS(i); into[at + 8] = step(i);
    });
    return this.travel;
  }

  edgeGroup(places) {
    const gl = this.gl, array = this.vertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer(new Float32Array(places.flat()), gl.STATIC_DRAW));
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    return { array, n: places.length };
  }

  vertexArray() {
    const array = this.gl.createVertexArray();
    this.arrays.push(array);
    return array;
  }

  buffer(values, usage) {
    const gl = this.gl, buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, usage);
    this.buffers.push(buffer);
    return buffer;
  }

  // The look of every item: look(item, into, at) writes four bytes.
  paint(look) {
    const gl = this.gl;
    for (const group of [this.dots, this.lines]) {
      const { items, looks } = group;
      for (let slot = 0; slot < items.length; slot++) look(items[slot], looks, 4 * slot);
      gl.bindBuffer(gl.ARRAY_BUFFER, group.lookBuffer);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, looks);
    }
  }

  // One picture; `share` of everything is drawn.
  draw(how, share) {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, ...how.pixels);
    gl.clearColor(...how.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    this.drawFeatures(how, share, false);
    if (how.travel) {
      const group = this.travelGroup(), places = this.use("travel", how, false);
      gl.uniform3f(places.u_colour, ...how.travelColour);
      gl.bindVertexArray(group.array);
      gl.drawArraysInstanced(gl.LINES, 0, 2, Math.ceil(group.items.length * share));
    }
    const edges = this.use("edges", how, false);
    for (const [name, shown, colour] of [["box", how.box, how.boxColour], ["envelope", how.envelope, how.envelopeColour]]) {
      if (!shown) continue;
      gl.uniform3f(edges.u_colour, ...colour);
      gl.bindVertexArray(this.edges[name].array);
      gl.drawArrays(gl.LINES, 0, this.edges[name].n);
    }
    gl.bindVertexArray(null);
  }

  drawFeatures(how, share, pick) {
    const gl = this.gl;
    if (this.dots.items.length) {
      const places = this.use("dots", how, pick);
      gl.uniform1i(places.u_first, 1);
      gl.bindVertexArray(this.dots.array);
      gl.drawArrays(gl.POINTS, 0, Math.ceil(this.dots.items.length * share));
    }
    if (this.lines.items.length) {
      const places = this.use("lines", how, pick);
      gl.uniform1i(places.u_first, 1 + this.dots.items.length);
      gl.bindVertexArray(this.lines.array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, Math.ceil(this.lines.items.length * share));
    }
  }

  use(name, how, pick) {
    const gl = this.gl, { program, places } = this.programs[name];
    gl.useProgram(program);
    gl.uniformMatrix4fv(places.u_matrix, false, how.matrix);
    gl.uniform2f(places.u_pixels, ...how.pixels);
    gl.uniform1f(places.u_focal, how.focal);
    gl.uniform1f(places.u_time, how.time);
    gl.uniform1f(places.u_stage, how.stage - 1);
    gl.uniform2f(places.u_layer, ...how.layer);
    gl.uniform1f(places.u_stretch, how.stretch);
    gl.uniform1f(places.u_least, pick ? Math.max(4, how.least) : how.least);
    gl.uniform3f(places.u_paper, ...how.paper);
    gl.uniform4f(places.u_near, ...how.near, how.flat ? 0 : 0.6);
    gl.uniform1i(places.u_pick, pick ? 1 : 0);
    gl.uniform1i(places.u_flat, how.flat ? 1 : 0);
    return places;
  }

  // The segment nearest to a pixel (from the lower left), within some pixels; −1 where there is none.
  segmentAt(how, x, y, within) {
    const gl = this.gl, side = 2 * within + 1;
    this.preparePicking(...how.pixels);
    gl.viewport(0, 0, ...how.pixels);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x - within, y - within, side, side);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    this.drawFeatures(how, 1, true);
    gl.disable(gl.SCISSOR_TEST);
    const pixels = new Uint8Array(4 * side * side);
    gl.readPixels(x - within, y - within, side, side, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.bindVertexArray(null);
    let found = 0, nearest = Infinity;
    for (let i = 0; i < side * side; i++) {
      const id = pixels[4 * i] | (pixels[4 * i + 1] << 8) | (pixels[4 * i + 2] << 16);
      const away = Math.hypot((i % side) - within, Math.floor(i / side) - within);
      if (id && away < nearest) [found, nearest] = [id, away];
    }
    if (!found) return -1;
    const slot = found - 1, dots = this.dots.items;
    return slot < dots.length ? dots[slot] : this.lines.items[slot - dots.length];
  }

  preparePicking(width, height) {
    const gl = this.gl;
    if (!this.picking || this.picking.width !== width || this.picking.height !== height) {
      if (this.picking) for (const one of this.picking.held) gl.deleteRenderbuffer(one);
      const frame = this.picking?.frame ?? gl.createFramebuffer();
      gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
      const held = [[gl.RGBA8, gl.COLOR_ATTACHMENT0], [gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT]].map(([format, at]) => {
        const one = gl.createRenderbuffer();
        gl.bindRenderbuffer(gl.RENDERBUFFER, one);
        gl.renderbufferStorage(gl.RENDERBUFFER, format, width, height);
        gl.framebufferRenderbuffer(gl.FRAMEBUFFER, at, gl.RENDERBUFFER, one);
        return one;
      });
      this.picking = { frame, width, height, held };
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.picking.frame);
  }
}
