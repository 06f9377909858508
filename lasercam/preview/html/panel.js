// Controls beside the picture: they change the state and ask for a picture.

class Panel {
  constructor(picture) {
    this.picture = picture;
    this.state = picture.state;
    for (const [id, key] of [["show-travel", "travel"], ["show-sample", "sample"], ["show-envelope", "envelope"], ["show-findings", "pins"], ["shapes", "shapes"], ["deeper", "deeper"]]) {
      byId(id).addEventListener("change", (event) => {
        this.state[key] = event.target.checked;
        this.picture.reach();
        if (key === "shapes") this.repaint(); else this.picture.touch();
      });
    }
    byId("perspective").addEventListener("change", (event) => { this.picture.camera.perspective = event.target.checked; this.picture.touch(); });
    byId("stretch").addEventListener("input", (event) => {
      this.state.stretch = 10 ** (event.target.value / 20);
      byId("stretch-says").textContent = `${Number(this.state.stretch.toPrecision(3))} ×`;
      this.picture.reach();
      this.picture.touch(true);
    });
    byId("step").addEventListener("input", (event) => this.setStage(Number(event.target.value)));
    byId("layer").addEventListener("input", (event) => { this.state.layer = Number(event.target.value); this.sayLayer(); this.picture.touch(true); });
    byId("mode").addEventListener("change", (event) => { this.state.mode = event.target.value; this.state.hidden.clear(); this.repaint(); });
    for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => this.view(button.dataset.view));
    for (const button of document.querySelectorAll("[data-move]")) button.addEventListener("click", () => this.move(button.dataset.move));
    picture.after.push(() => this.sayStatus());
  }

  // A scene has come: as many steps and layers as it has. What was chosen before stays where it still exists.
  load(first) {
    const { state } = this, { facts } = this.picture.scene;
    document.title = `${facts.job} – lasercam preview`;
    byId("job").textContent = facts.title ? `${facts.job}: ${facts.title}` : facts.job;
    byId("headline").textContent = `${facts.headline}. Sample ${facts.sample}.`;
    if (first) {
      state.travel = facts.n_rows <= 5000;
      state.stage = facts.steps.length;
      this.view("orbit");
    }
    state.stage = Math.min(state.stage, facts.steps.length);
    state.layer = Math.min(state.layer, facts.layers.length);
    byId("show-travel").checked = state.travel;
    byId("step").max = facts.steps.length;
    byId("layer").max = facts.layers.length;
    byId("layer").disabled = facts.layers.length < 2;
    byId("layer").value = state.layer;
    const options = Object.entries(this.picture.colourings).map(([value, { title }]) => element("option", { value, textContent: title }));
    byId("mode").replaceChildren(...options);
    byId("mode").value = state.mode;
    this.setStage(state.stage, false);
    this.sayLayer();
  }

  view(name) {
    const { camera, scene, state, canvas } = this.picture;
    const narrow = Math.max(1, canvas.clientHeight / Math.max(canvas.clientWidth, 1)); // a view is as high as it is told
    if (name === "sample") {
      const corners = scene.boxes.sample, middle = [0, 1, 2].map((k) => (Math.min(...corners.map((c) => c[k])) + Math.max(...corners.map((c) => c[k]))) / 2);
      camera.look([middle[0], middle[1], -middle[2] * state.stretch], (narrow * Math.hypot(...scene.facts.place.size_um)) / 2, "orbit");
    } else {
      const [low, high] = [scene.corners[0], scene.corners[7]], deep = (high[2] - low[2]) * state.stretch;
      camera.look([0, 0, 0], narrow * Math.max(scene.radius, deep / 2), name);
    }
    this.picture.touch();
  }

  move(name) {
    const { camera } = this.picture, pixels = [this.picture.canvas.clientWidth, this.picture.canvas.clientHeight];
    const turn = { left: [-0.15, 0], right: [0.15, 0], up: [0, 0.15], down: [0, -0.15] }[name];
    if (turn) camera.turn(...turn); else camera.zoom(name === "in" ? 0.8 : 1.25, [0, 0], pixels);
    this.picture.touch(true);
  }

  setStage(stage, draws = true) {
    const { state } = this, { facts } = this.picture.scene;
    state.stage = stage;
    byId("step").value = stage;
    const step = facts.steps[stage - 1];
    byId("step-says").textContent = step ? `after ${stage}. ${step.name} (${step.verb}), line ${step.line}` : "before anything is written";
    byId("step").setAttribute("aria-valuetext", byId("step-says").textContent);
    const said = step ? [...step.states, ...(step.more_states ? [`and ${step.more_states} more`] : []), ...step.notes] : [];
    byId("states").replaceChildren(...said.map((text) => element("li", null, text)));
    if (draws) { this.picture.state.timeS = Infinity; this.onTime?.(); this.repaint(); }
  }

  sayLayer() {
    const { facts } = this.picture.scene, layer = facts.layers[this.state.layer - 1];
    const n = facts.layers.length;
    byId("layer-says").textContent = layer ? `${this.state.layer} of ${n}: ${layer[2]} deep, ${counted(layer[3], "exposure")}` : n === 1 ? `one, ${facts.layers[0][2]} deep` : `all ${n}`;
    byId("layer").setAttribute("aria-valuetext", byId("layer-says").textContent);
  }

  repaint() {
    this.picture.repaint();
    this.legend();
  }

  legend() {
    const { coloured, shownColours } = this.picture, { hidden } = this.state;
    const swatch = (colour, own) => {
      const made = element("span", { className: "swatch", "aria-hidden": "true" });
      made.style.background = colour;
      if (this.state.shapes && coloured.groups) made.textContent = ["●", "■", "◆", "▲", "○"][own % 5];
      return made;
    };
    const words = (look) => element("span", null, look.title, look.details.length ? element("span", { className: "small" }, look.details.join(", ")) : null);
    const entries = coloured.said
      ? coloured.said.map((look) => element("li", { className: "row" }, swatch(look.colour, 0), words(look)))
      : coloured.looks.flatMap((look, own) => {
          if (look.absent) return [];
          const button = element("button", { type: "button", "aria-pressed": String(!hidden.has(own)), title: "show or hide" }, swatch(shownColours[own], own), words(look));
          button.addEventListener("click", () => {
            if (!hidden.delete(own)) hidden.add(own);
            this.repaint();
            byId("legend").querySelectorAll("button")[entries.findIndex((one) => one.contains(button))]?.focus();
          });
          return [element("li", null, button)];
        });
    byId("legend").replaceChildren(...entries);
    byId("legend-note").textContent = [coloured.note, this.picture.scene.facts.glow_note].filter(Boolean).join(" ");
  }

  sayStatus() {
    const { scene, drawnShare } = this.picture;
    const thinned = scene.facts.note.startsWith("All") ? "" : scene.facts.note;
    const moving = drawnShare < 0.995 ? `While moving, ${Math.max(1, Math.round(100 * drawnShare))} % of it is drawn. ` : "";
    const text = moving + thinned;
    if (byId("status").textContent !== text) byId("status").textContent = text;
  }
}
