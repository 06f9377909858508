// Time: a slider, a clock that runs faster than the stage, and where the tool is.

const SPEEDS = [1, 10, 100, 1000, 10000];
const WHOLE_JOB_S = 20;
const CALM_STEP_MS = 500;

class Playback {
  constructor(picture) {
    this.picture = picture;
    this.playing = false;
    byId("time").addEventListener("input", (event) => this.go((event.target.value / 10000) * this.total(), true));
    byId("play").addEventListener("click", () => this.toggle());
  }

  total() { return this.picture.scene.facts.total_s; }

  load() {
    const chosen = byId("speed").value || "whole";
    const whole = element("option", { value: "whole", textContent: `whole job in ${WHOLE_JOB_S} s` });
    byId("speed").replaceChildren(whole, ...SPEEDS.map((n) => element("option", { value: n, textContent: `${shownCount(n)} ×` })));
    byId("speed").value = chosen;
    this.say();
  }

  toggle() {
    this.playing = !this.playing;
    byId("play").textContent = this.playing ? "Pause" : "Play";
    byId("play").setAttribute("aria-pressed", String(this.playing));
    if (!this.playing) return;
    const { state } = this.picture;
    if (state.timeS >= this.total()) state.timeS = 0;
    this.last = performance.now();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const next = () => (calm ? setTimeout(() => tick(performance.now()), CALM_STEP_MS) : requestAnimationFrame(tick));
    const tick = (now) => {
      if (!this.playing) return;
      const speed = byId("speed").value === "whole" ? this.total() / WHOLE_JOB_S : Number(byId("speed").value);
      this.go(state.timeS + ((now - this.last) / 1000) * speed, !calm);
      this.last = now;
      if (state.timeS >= this.total()) this.toggle(); else next();
    };
    next();
  }

  go(seconds, moving) {
    this.picture.state.timeS = seconds >= this.total() ? Infinity : seconds;
    this.say();
    this.picture.touch(moving);
  }

  say() {
    const { state, scene } = this.picture, total = this.total(), now = Math.min(state.timeS, total);
    byId("time").value = total > 0 ? Math.round((10000 * now) / total) : 10000;
    byId("time-says").textContent = `${shownTime(now)} of ${shownTime(total)}`;
    byId("time").setAttribute("aria-valuetext", byId("time-says").textContent);
    byId("tool").textContent = now < total && scene.length ? this.toolWords(now) : "";
  }

  toolWords(now) {
    const { scene } = this.picture, { facts, columns } = scene;
    const { segment, place, fires } = scene.toolAt(now);
    const [x, y, z] = place.map((v, i) => v + scene.middle[i]), step = facts.steps[scene.step(segment)];
    const repeat = facts.sections[columns.section[segment]].repeat;
    return `Tool at x ${shownLength(x)}, y ${shownLength(y)}, depth ${shownLength(z)}; beam ${fires ? "on" : "off"}; row ${shownCount(columns.row[segment])}, step ${scene.step(segment) + 1} ${step.name}${repeat > 1 ? `, run ${repeat} times, shown once` : ""}`;
  }
}
