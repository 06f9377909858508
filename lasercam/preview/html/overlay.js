// What lies over the picture: scale bar, axes, the tool, pins of findings.

class Overlay {
  constructor(picture) {
    this.picture = picture;
    this.canvas = byId("overlay");
    this.pins = [];
    picture.after.push((how) => this.draw(how));
  }

  draw(how) {
    const { canvas, picture } = this, [width, height] = how.pixels;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.scale(how.ratio, how.ratio);
    const size = [width / how.ratio, height / how.ratio];
    const ink = luminance(how.paper.map((v) => v * 255)) < 0.5 ? "#f2f4f5" : "#14171a";
    pen.font = "13px system-ui, sans-serif";
    pen.strokeStyle = pen.fillStyle = ink;
    pen.lineWidth = 2;
    if (!picture.camera.perspective) this.scaleBar(pen, size, how);
    this.axes(pen, size);
    this.tool(pen, how);
    this.chosenRow(pen, how);
    this.placePins(how);
  }

  scaleBar(pen, [, height], how) {
    const wanted = (120 * how.ratio) / how.focal, power = 10 ** Math.floor(Math.log10(wanted));
    const long = [5, 2, 1].map((v) => v * power).find((v) => v <= wanted * 1.0001);
    const pixels = (long * how.focal) / how.ratio, y = height - 16;
    pen.beginPath();
    pen.moveTo(16, y - 5); pen.lineTo(16, y); pen.lineTo(16 + pixels, y); pen.lineTo(16 + pixels, y - 5);
    pen.stroke();
    pen.textAlign = "left";
    const stretched = how.stretch > 1 ? ` (depth × ${Number(how.stretch.toPrecision(3))})` : "";
    pen.fillText((long >= 1 ? shownLength(long) : shownSi(long * 1e-6, "m")) + stretched, 18, y - 8);
  }

  axes(pen, [width, height]) {
    const { right, up } = this.picture.camera.axes(), at = [width - 52, height - 52];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    [["x", [1, 0, 0]], ["y", [0, 1, 0]], ["depth", [0, 0, -1]]].forEach(([name, axis]) => {
      const x = dot(axis, right), y = -dot(axis, up);
      if (Math.hypot(x, y) < 0.12) return;
      pen.beginPath();
      pen.moveTo(...at); pen.lineTo(at[0] + 28 * x, at[1] + 28 * y);
      pen.stroke();
      pen.fillText(name, at[0] + 40 * x, at[1] + 40 * y);
    });
    pen.textBaseline = "alphabetic";
  }

  tool(pen, how) {
    const { state, scene } = this.picture;
    if (state.timeS >= scene.facts.total_s || state.timeS <= 0) return;
    const tool = scene.toolAt(state.timeS), at = this.picture.pixelOf(tool.place, how);
    if (!at) return;
    pen.beginPath();
    pen.arc(...at, 9, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(at[0] + 9 * dx, at[1] + 9 * dy); pen.lineTo(at[0] + 15 * dx, at[1] + 15 * dy);
    }
    pen.stroke();
    if (tool.fires) { pen.beginPath(); pen.arc(...at, 4, 0, 2 * Math.PI); pen.fill(); }
  }

  chosenRow(pen, how) {
    const { state, scene } = this.picture;
    if (state.segment < 0 || state.segment >= scene.length) return;
    const end = this.picture.pixelOf(scene.end(state.segment), how), start = this.picture.pixelOf(scene.start(state.segment), how);
    if (!end) return;
    pen.beginPath();
    pen.setLineDash([4, 3]);
    pen.arc(...end, 12, 0, 2 * Math.PI);
    if (start && scene.columns.kind[state.segment] !== KIND.DOT) { pen.moveTo(...start); pen.lineTo(...end); }
    pen.stroke();
    pen.setLineDash([]);
  }

  // Buttons at the first rows of findings.
  setPins(findings, choose) {
    const holder = byId("pins");
    holder.replaceChildren();
    this.pins = findings.filter((finding) => finding.place).map((finding) => {
      const weight = finding.waived === null ? finding.severity : "waived";
      const pin = element("button", { type: "button", title: `${finding.code}: ${finding.on}`, "aria-label": `${weight} ${finding.code} on ${finding.on}` }, `${weight[0].toUpperCase()}!`);
      pin.addEventListener("click", () => choose(finding));
      holder.append(pin);
      return { pin, place: this.picture.scene.moved(finding.place) };
    });
    this.picture.touch();
  }

  placePins(how) {
    for (const { pin, place } of this.pins) {
      const at = this.picture.state.pins ? this.picture.pixelOf(place, how) : null;
      pin.hidden = !at;
      if (at) { pin.style.left = `${at[0]}px`; pin.style.top = `${at[1]}px`; }
    }
  }
}
