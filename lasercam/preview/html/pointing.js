// Mouse, fingers and keys on the picture; what is pointed at, in words.

const KINDS = ["jump", "line", "dot", "shots", "run-up"];
// Facts that the box at the pointer tells beside the first ones; a click tells all.
const TELLING = new Set(["dose", "average power", "peak fluence", "pulses per spot", "pulse pitch", "line dose", "dwell", "accumulated fluence"]);
const POINT_REST_MS = 60, REACH_PX = 6;

class Pointing {
  constructor(picture, panel, playback, findings) {
    Object.assign(this, { picture, panel, playback, findings });
    this.fingers = new Map();
    const canvas = picture.canvas;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  size() { return [this.picture.canvas.clientWidth, this.picture.canvas.clientHeight]; }

  down(event) {
    this.picture.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.way = 0;
  }

  moved(event) {
    const at = [event.offsetX, event.offsetY], before = this.fingers.get(event.pointerId);
    if (!before) { this.point(at); return; }
    const dx = at[0] - before[0], dy = at[1] - before[1], { camera } = this.picture;
    this.way += Math.abs(dx) + Math.abs(dy);
    if (this.fingers.size === 2) this.pinch(event.pointerId, before, at);
    else if (event.shiftKey || event.ctrlKey || (event.buttons & 6)) camera.move(dx, dy, this.size());
    else camera.turn(-dx * 0.008, dy * 0.008);
    this.fingers.set(event.pointerId, at);
    this.hover(-1);
    this.picture.touch(true);
  }

  pinch(id, before, at) {
    const other = [...this.fingers].find(([key]) => key !== id)[1], { camera } = this.picture;
    const apart = (a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
    camera.zoom(apart(before) / apart(at), [0, 0], this.size());
    camera.move((at[0] - before[0]) / 2, (at[1] - before[1]) / 2, this.size());
  }

  up(event) {
    const had = this.fingers.delete(event.pointerId);
    if (had && event.type === "pointerup" && this.way < 4) this.keep(this.segmentAt([event.offsetX, event.offsetY]));
  }

  wheel(event) {
    event.preventDefault();
    const [width, height] = this.size(), scale = event.deltaMode === 1 ? 16 : 1;
    const at = [(2 * event.offsetX) / width - 1, 1 - (2 * event.offsetY) / height];
    this.picture.camera.zoom(Math.exp(Math.min(Math.max(event.deltaY * scale, -300), 300) * 0.0015), at, [width, height]);
    this.picture.touch(true);
  }

  key(event) {
    if (!this.picture.scene) return;
    const { picture, panel } = this, arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const views = { 0: "orbit", 1: "top", 2: "front", 3: "side", 4: "sample" };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (arrows && event.shiftKey) picture.camera.move(-40 * arrows[0], 40 * arrows[1], this.size());
    else if (arrows) picture.camera.turn(0.1 * arrows[0], 0.1 * arrows[1]);
    else if (event.key === "+" || event.key === "=") picture.camera.zoom(0.85, [0, 0], this.size());
    else if (event.key === "-") picture.camera.zoom(1 / 0.85, [0, 0], this.size());
    else if (event.key in views) panel.view(views[event.key]);
    else if (event.key === "p" || event.key === "P") byId("perspective").click();
    else if (event.key === " ") this.playback.toggle();
    else if (event.key === ".") this.next(1);
    else if (event.key === ",") this.next(-1);
    else if (event.key === "Escape") { this.keep(-1); this.findings.choose(null, false); }
    else return;
    event.preventDefault();
    picture.touch(true);
  }

  // The next row that exposes.
  next(way) {
    const { scene, state } = this.picture;
    for (let i = state.segment + way; i >= 0 && i < scene.length; i += way) {
      if (scene.isExposed(i)) { this.keep(i); return; }
    }
  }

  point(at) {
    this.pointAt = at;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.hover(this.segmentAt(at), at), POINT_REST_MS);
  }

  segmentAt([x, y]) {
    const { picture } = this;
    if (!picture.scene?.length || picture.lost) return -1;
    const how = picture.how();
    const found = picture.drawing.segmentAt(how, Math.round(x * how.ratio), Math.round(how.pixels[1] - y * how.ratio), Math.round(REACH_PX * how.ratio));
    picture.touch(); // the picture itself was not preserved
    return found;
  }

  hover(segment, at) {
    clearTimeout(this.rest);
    const box = byId("hover");
    box.hidden = segment < 0;
    if (segment < 0) return;
    const told = this.facts(segment), first = told.slice(0, 6), more = told.slice(6).filter(([name]) => TELLING.has(name));
    box.textContent = [...first, ...more].map(([name, value]) => `${name}: ${value}`).join("\n");
    const [width, height] = this.size();
    box.style.left = `${Math.min(at[0] + 14, Math.max(0, width - box.offsetWidth - 4))}px`;
    box.style.top = `${Math.min(at[1] + 14, Math.max(0, height - box.offsetHeight - 4))}px`;
  }

  keep(segment) {
    this.picture.state.segment = segment;
    const list = segment < 0 ? element("p", null, "Nothing is kept.")
      : element("dl", null, ...this.facts(segment).flatMap(([name, value]) => [element("dt", null, name), element("dd", null, value)]));
    byId("details").replaceChildren(list);
    this.picture.touch();
  }

  // Everything known of a segment: names and values.
  facts(i) {
    const { scene } = this.picture, { facts, columns } = scene, kind = columns.kind[i];
    const [part, partLine] = facts.parts[columns.part[i]], recipe = facts.recipes[columns.recipe[i]], step = facts.steps[scene.step(i)];
    const place = (at) => at.map((v, k) => shownLength(v + scene.middle[k])).join(", ");
    const found = [["feature", `${part}, line ${partLine}`], ["recipe", `${recipe.label}, line ${recipe.line}`], ["step", `${scene.step(i) + 1}. ${step.name}, line ${step.line}`]];
    found.push(["row", `${shownCount(columns.row[i])}, ${KINDS[kind]}`]);
    if (kind === KIND.DOT) found.push(["at", `${place(scene.end(i))} deep`]);
    else {
      const a = scene.start(i), b = scene.end(i);
      found.push(["from", `${place(a)} deep`], ["to", `${place(b)} deep`], ["length", shownLength(Math.hypot(...b.map((v, k) => v - a[k])))]);
    }
    found.splice(4, 0, ["exposure", recipe.details.join(", ")]);
    if (kind === KIND.SHOTS) found.push(["shots", shownCount(columns.count[i] >>> 0)]);
    if (kind === KIND.DOT && columns.count[i]) found.push(["pulses", shownCount(columns.count[i] >>> 0)]);
    found.push(["begins", shownTime(scene.beginS(i))], ["takes", shownTime(scene.lastsS(i))]);
    if (columns.dose[i]) found.push(["dose", `${columns.dose[i] / 1000} × the recipe's`]);
    found.push(["process", recipe.process], ["confidence", recipe.confidence]);
    for (const [name, value] of recipe.derived ?? []) found.push([name.replaceAll("_", " "), value]);
    if (!recipe.derived) found.push(["derived", "not listed in a page with so many recipes; see the manifest"]);
    return found;
  }
}
