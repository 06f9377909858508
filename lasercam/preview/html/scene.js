// A scene: facts, columns of segments, and what is asked of them.

class Scene {
  constructor(facts, columns) {
    this.facts = facts;
    this.columns = columns;
    this.length = columns.row.length;
    this.middle = facts.origin_um.map((low, i) => (low + facts.high_um[i]) / 2);
    this.corner = this.moved(facts.origin_um);
    const [x0, y0, z0] = this.corner, [x1, y1, z1] = this.moved(facts.high_um);
    this.corners = [];
    for (const x of [x0, x1]) for (const y of [y0, y1]) for (const z of [z0, z1]) this.corners.push([x, y, z]);
    this.radius = Math.max(0.5 * Math.hypot(x1 - x0, y1 - y0, z1 - z0), ...facts.recipes.map((recipe) => recipe.width_um));
    this.boxes = this.allBoxes();
  }

  moved(place) { return place.map((v, i) => v - this.middle[i]); }

  coordinate(name, axis, i) {
    return this.facts.origin_um[axis] + this.columns[name][i] * this.facts.quantum_um - this.middle[axis];
  }

  start(i) { return [this.coordinate("start_x", 0, i), this.coordinate("start_y", 1, i), this.coordinate("start_z", 2, i)]; }
  end(i) { return [this.coordinate("end_x", 0, i), this.coordinate("end_y", 1, i), this.coordinate("end_z", 2, i)]; }

  // The same for a graphics card, three numbers into an array.
  putStart(into, at, i) { this.put(into, at, i, this.columns.start_x, this.columns.start_y, this.columns.start_z); }
  putEnd(into, at, i) { this.put(into, at, i, this.columns.end_x, this.columns.end_y, this.columns.end_z); }
  put(into, at, i, x, y, z) {
    const scale = this.facts.quantum_um, from = this.corner;
    into[at] = from[0] + x[i] * scale; into[at + 1] = from[1] + y[i] * scale; into[at + 2] = from[2] + z[i] * scale;
  }
  getters() {
    const names = ["beginS", "endS", "lastsS", "step", "width"];
    return Object.fromEntries(names.map((name) => [name, this[name].bind(this)]));
  }

  beginS(i) { return this.columns.begin[i] * this.facts.quantum_s; }
  lastsS(i) { return this.columns.lasts[i] * this.facts.quantum_s; }
  endS(i) { return (this.columns.begin[i] + this.columns.lasts[i]) * this.facts.quantum_s; }
  step(i) { return this.facts.sections[this.columns.section[i]].step; }
  width(i) { return this.facts.recipes[this.columns.recipe[i]].width_um; }
  isExposed(i) { const kind = this.columns.kind[i]; return kind === KIND.LINE || kind === KIND.DOT || kind === KIND.SHOTS; }

  // The segment that is under way at a time: the last that has begun.
  segmentAtS(seconds) {
    const begin = this.columns.begin, wanted = seconds / this.facts.quantum_s;
    let low = 0, high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (begin[middle] <= wanted) low = middle; else high = middle - 1;
    }
    return low;
  }

  // Where the tool is, and whether the beam is on. A dot travels first and fires at the end of its time.
  toolAt(seconds) {
    const i = this.segmentAtS(seconds), kind = this.columns.kind[i], lasts = this.lastsS(i), since = seconds - this.beginS(i);
    const stands = kind === KIND.DOT ? Math.min(lasts, this.facts.recipes[this.columns.recipe[i]].exposure_s) : 0;
    const share = Math.min(1, Math.max(0, since / Math.max(lasts - stands, 1e-9)));
    const a = this.start(i), b = this.end(i), place = a.map((v, k) => v + (b[k] - v) * share);
    const inside = since <= lasts;
    const fires = inside && (kind === KIND.LINE || kind === KIND.SHOTS || (kind === KIND.DOT && since >= lasts - stands));
    return { segment: i, place, fires };
  }

  // Depths that a layer holds, from the middle; layer 0 = all.
  layerDepths(layer, deeper) {
    if (!layer) return [-1e30, 1e30];
    const [low, high] = this.facts.layers[layer - 1], slack = 0.25;
    return [low - slack - this.middle[2], deeper ? 1e30 : high + slack - this.middle[2]];
  }

  // Whether a finding is about a segment; null where no finding is chosen.
  chooser(finding) {
    if (!finding) return null;
    const { columns } = this;
    const recipes = new Set(finding.recipes), parts = new Set(finding.parts), steps = new Set(finding.steps);
    if (!recipes.size && !parts.size && !steps.size) return () => true;
    return (i) => recipes.has(columns.recipe[i]) || parts.has(columns.part[i]) || steps.has(this.step(i));
  }

  // Edges, as pairs of places, of the sample with its zones and of what the stages reach.
  allBoxes() {
    const { size_um, zones, envelopes } = this.facts.place;
    const sample = [], envelope = [];
    const add = (into, corners) => {
      for (let i = 0; i < 8; i++) for (const bit of [1, 2, 4]) if (!(i & bit)) into.push(this.moved(corners[i]), this.moved(corners[i | bit]));
    };
    const box = (low, high) => Array.from({ length: 8 }, (_, i) => low.map((v, k) => ((i >> k) & 1 ? high[k] : v)));
    add(sample, box([0, 0, 0], size_um));
    for (const [, low, high] of zones) add(sample, box([...low, 0], [...high, 0]));
    for (const [, corners] of envelopes) add(envelope, corners);
    return { sample, envelope };
  }
}
