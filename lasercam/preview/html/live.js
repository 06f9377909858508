// The page of `lasercam watch`: asks its server for scenes and hears when there is a new one.

class Live {
  constructor(load, judged) {
    this.load = load;
    this.judged = judged;
    const events = new EventSource("events");
    events.addEventListener("scene", (event) => this.fetchScene(JSON.parse(event.data).version));
    events.addEventListener("judged", (event) => this.judge(JSON.parse(event.data)));
    events.addEventListener("problem", (event) => this.problem(JSON.parse(event.data)));
    events.onerror = () => { if (!this.told) this.say("The connection to lasercam watch is lost: the picture no longer follows the file."); };
    events.onopen = () => { if (!this.told) this.say(""); };
  }

  async fetchScene(version) {
    this.wanted = version;
    const answer = await fetch(`scene?version=${version}`, { cache: "no-store" });
    if (!answer.ok) return; // a newer one is on its way
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (this.wanted !== version) return;
    const size = new DataView(bytes.buffer).getUint32(0, true);
    const facts = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    await this.load(facts, bytes.subarray(4 + size));
    this.shown = version;
    this.told = false;
    this.say("");
    if (this.early?.version === version) this.judge(this.early);
    document.documentElement.dataset.version = version;
  }

  // Findings may be quicker than the picture they belong to.
  judge(found) {
    if (found.version !== this.shown) { this.early = found; return; }
    this.judged(found);
  }

  problem({ problems }) {
    this.told = true;
    const lines = problems.map(({ message, hint, file, line, column }) => {
      const stop = hint && !/[.?]$/.test(message) ? "." : "";
      return `${file ? `${file}, line ${line}, column ${column}: ` : ""}${message}${stop}${hint ? ` ${hint}` : ""}`;
    });
    this.say(`The job cannot be shown as it is now; the picture is the last good one.\n${lines.join("\n")}`);
  }

  say(text) {
    byId("problem").textContent = text;
    byId("problem").hidden = !text;
  }
}
