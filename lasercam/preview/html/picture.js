// The picture: one scene, one camera, what is switched on, and a loop that draws when something has changed.

const GOAL_MS = 30, LEAST_SEGMENTS = 20000, MOST_SMOOTH = 200000;
const REST_MS = 200;

class Picture {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.state = state;
    this.drawing = null;
    this.camera = new Camera();
    this.share = 1;
    this.changed = false;
    this.moving = false;
    this.working = null;
    this.after = []; // called after each frame
    new ResizeObserver(() => this.touch()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
    canvas.addEventListener("webglcontextlost", (event) => { event.preventDefault(); this.lost = true; });
    canvas.addEventListener("webglcontextrestored", () => location.reload());
  }

  load(scene) {
    // Smooth edges cost four times the work where no graphics card does it: they are for pictures of few lines.
    this.drawing ??= new Drawing(this.canvas, scene.length <= MOST_SMOOTH);
    this.leastShare = Math.min(1, LEAST_SEGMENTS / Math.max(scene.length, 1));
    this.scene = scene;
    this.drawing.load(scene);
    this.colourings = colourings(scene);
    if (!this.colourings[this.state.mode]) this.state.mode = "recipe";
    this.reach();
    this.repaint();
  }

  // How far the camera must see.
  reach() {
    const { scene, state } = this;
    const corners = [...scene.corners, ...(state.sample ? scene.boxes.sample : []), ...(state.envelope ? scene.boxes.envelope : [])];
    this.camera.radius = 1 + Math.max(...corners.map(([x, y, z]) => Math.hypot(x, y, z * state.stretch)));
  }

  // Colours anew, then a picture.
  repaint() {
    if (!this.scene) return;
    const { state } = this;
    this.coloured = this.colourings[state.mode].make(state.stage);
    const paper = this.paper(), hidden = state.hidden, chosen = this.scene.chooser(state.chosen);
    const dark = this.colourings[state.mode].dark;
    const rgb = this.coloured.looks.map((look) => (dark ? rgbOf(look.colour) : legible(rgbOf(look.colour), paper)));
    this.shownColours = rgb.map(hexOf);
    const classes = this.coloured.classes, shapes = state.shapes && this.coloured.groups;
    this.drawing.paint((item, into, at) => {
      const own = classes[item], colour = rgb[own];
      if (!colour || (hidden.size && hidden.has(own))) { into[at + 3] = 0; return; }
      [into[at], into[at + 1], into[at + 2]] = colour;
      into[at + 3] = (chosen && !chosen(item) ? 2 : 1) + (shapes ? 4 * (own % 5) : 0);
    });
    this.touch();
  }

  paper() {
    if (this.colourings[this.state.mode].dark) return [0, 0, 0];
    return matchMedia("(prefers-color-scheme: dark)").matches ? [21, 24, 28] : [255, 255, 255];
  }

  how() {
    const { state, scene, camera } = this;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const pixels = [this.canvas.clientWidth, this.canvas.clientHeight].map((v) => Math.max(1, Math.round(v * ratio)));
    const paper = this.paper(), isDark = luminance(paper) < 0.5;
    const { matrix, focal } = camera.seen(pixels);
    const round = Math.max(...scene.corners.map(([x, y, z]) => Math.hypot(x, y, z * state.stretch)), 1e-3);
    return {
      near: camera.axes().toEye.map((v) => v / round),
      pixels, ratio, matrix, focal, paper: paper.map((v) => v / 255),
      time: state.timeS >= scene.facts.total_s ? 1e30 : state.timeS,
      stage: state.stage, layer: scene.layerDepths(state.layer, state.deeper), stretch: state.stretch, least: 1.6 * ratio,
      flat: !!this.colourings[state.mode].dark, travel: state.travel, box: state.sample, envelope: state.envelope,
      travelColour: isDark ? [0.42, 0.45, 0.48] : [0.66, 0.68, 0.7], boxColour: isDark ? [0.8, 0.82, 0.85] : [0.2, 0.22, 0.25],
      envelopeColour: isDark ? [0.95, 0.65, 0.3] : [0.7, 0.36, 0.0],
    };
  }

  // Something has changed; `moving` allows a rougher picture until it rests.
  touch(moving = false) {
    this.moving ||= moving;
    if (this.changed) return;
    this.changed = true;
    requestAnimationFrame(() => this.frame());
  }

  frame() {
    if (!this.scene || this.lost) { this.changed = false; return; }
    // A picture that the graphics card still works on is waited for, so that none pile up.
    if (this.working && !this.isDone()) { requestAnimationFrame(() => this.frame()); return; }
    this.changed = false;
    clearTimeout(this.rest);
    const moving = this.moving;
    this.moving = false;
    this.drawNow(moving ? this.share : 1);
    const gl = this.drawing.gl;
    this.working = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.workingSince = performance.now();
    gl.flush();
    this.watchWork();
    if (moving && this.drawnShare < 1) this.rest = setTimeout(() => this.touch(), REST_MS);
  }

  watchWork() {
    requestAnimationFrame(() => { if (this.working && !this.isDone()) this.watchWork(); });
  }

  // Whether the last picture is finished; how long it took decides how much is drawn while moving.
  isDone() {
    const gl = this.drawing.gl;
    if (gl.clientWaitSync(this.working, 0, 0) === gl.TIMEOUT_EXPIRED) return false;
    gl.deleteSync(this.working);
    this.working = null;
    const wanted = (this.drawnShare * GOAL_MS) / (performance.now() - this.workingSince);
    const calm = wanted > this.share ? Math.min(wanted, 1.25 * this.share) : wanted;
    this.share = Math.min(1, Math.max(this.leastShare, calm));
    return true;
  }

  drawNow(share = 1) {
    const how = this.how();
    const [width, height] = how.pixels;
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    this.drawing.draw(how, share);
    this.drawnShare = share;
    for (const done of this.after) done(how);
    return how;
  }

  // Pixel of a place (µm from the middle, depth down), from the upper left of the picture, in CSS pixels.
  pixelOf(place, how) {
    const [x, y, , w] = clipped(how.matrix, [place[0], place[1], -place[2] * how.stretch]);
    if (w <= 0) return null;
    return [((x / w + 1) / 2) * how.pixels[0] / how.ratio, ((1 - y / w) / 2) * how.pixels[1] / how.ratio];
  }
}
