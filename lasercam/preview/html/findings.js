// Findings beside the picture and in it; one that is chosen stands out, everything else steps back.

class Findings {
  constructor(picture, overlay) {
    this.picture = picture;
    this.overlay = overlay;
  }

  load(findings) {
    this.all = findings ?? [];
    const waiting = findings === null || findings === undefined;
    const count = (severity) => this.all.filter((f) => f.severity === severity && f.waived === null).length;
    const waived = this.all.filter((f) => f.waived !== null).length;
    byId("findings-title").textContent = waiting ? "Findings: being judged …"
      : `Findings: ${count("error")} error(s), ${count("warning")} warning(s), ${count("note")} note(s), ${waived} waived`;
    this.buttons = this.all.map((finding) => this.button(finding));
    byId("findings").replaceChildren(...this.buttons.map((button) => element("li", null, button)));
    const chosen = this.picture.state.chosen;
    const same = chosen && this.all.find((f) => f.code === chosen.code && f.on === chosen.on);
    this.overlay.setPins(this.all, (finding) => this.choose(finding, true));
    if (chosen) this.choose(same ?? null, false);
  }

  button(finding) {
    const weight = finding.waived === null ? finding.severity : "waived";
    const place = finding.line ? `line ${finding.line}, ` : "";
    const button = element("button", { type: "button", className: weight, "aria-pressed": "false" }, element("span", null,
      element("strong", null, `${weight} ${finding.code}`), element("span", { className: "small" }, place + finding.on), finding.message,
      element("span", { className: "small" }, finding.waived !== null ? `waived: ${finding.waived}` : finding.hint),
      finding.source ? element("span", { className: "small" }, `source: ${finding.source}`) : null));
    button.addEventListener("click", () => this.choose(this.picture.state.chosen === finding ? null : finding, true));
    return button;
  }

  choose(finding, goes) {
    const { state, camera, scene } = this.picture;
    state.chosen = finding;
    this.all.forEach((one, i) => this.buttons[i].setAttribute("aria-pressed", String(one === finding)));
    if (finding?.place && goes) {
      const [x, y, z] = scene.moved(finding.place);
      camera.target = [x, y, -z * state.stretch];
    }
    this.picture.repaint();
  }
}
