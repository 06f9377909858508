// Everything together.

const state = {
  mode: "recipe", stage: 0, timeS: Infinity, layer: 0, deeper: false, stretch: 1, travel: false, sample: true, envelope: false,
  pins: true, shapes: false, hidden: new Set(), chosen: null, segment: -1,
};

function tell(error) {
  byId("problem").textContent = `No picture: ${error.message}`;
  byId("problem").hidden = false;
}

function summaryTables(summary) {
  return summary.map(({ caption, head, rows }) => element("table", null, element("caption", null, caption),
    element("thead", null, element("tr", null, ...head.map((cell) => element("th", { scope: "col" }, cell)))),
    element("tbody", null, ...rows.map((row) => element("tr", null, ...row.map((cell) => element("td", null, cell)))))));
}

function started() {
  const picture = new Picture(byId("picture"), state);
  const overlay = new Overlay(picture), panel = new Panel(picture), playback = new Playback(picture);
  const findings = new Findings(picture, overlay), pointing = new Pointing(picture, panel, playback, findings);
  byId("panel").inert = true; // until there is something to control
  panel.onTime = () => playback.say();
  let first = true;

  async function load(facts, bytes) {
    const scene = new Scene(facts, decodedSegments(await inflated(bytes), facts));
    if (first) state.stage = facts.steps.length;
    state.stage = Math.min(state.stage, facts.steps.length);
    if (!first) state.hidden.clear();
    if (state.chosen) state.chosen = { ...state.chosen, recipes: [], parts: [], steps: [] };
    picture.load(scene);
    panel.load(first);
    playback.load();
    findings.load(facts.findings);
    panel.repaint();
    if (!first && state.segment >= 0) pointing.keep(-1); // rows have other numbers now
    byId("panel").inert = false;
    first = false;
  }

  function judged({ findings: found, summary }) {
    findings.load(found);
    showSummary(picture.scene.facts, summary);
  }

  // For tests and for the curious: the parts of the viewer.
  window.lasercam = { picture, panel, playback, findings, pointing, state };
  return { load, judged };
}

function showSummary(facts, summary) {
  byId("summary").replaceChildren(element("h2", null, "In words"), element("p", null, `${facts.headline}. ${facts.note}`), ...summaryTables(summary));
}

async function start() {
  const { load, judged } = started();
  if ("live" in document.documentElement.dataset) {
    const loadAll = async (facts, bytes) => { await load(facts, bytes); showSummary(facts, facts.summary); };
    window.lasercam.live = new Live((facts, bytes) => loadAll(facts, bytes).catch(tell), judged);
    return;
  }
  const facts = JSON.parse(byId("facts").textContent);
  await load(facts, bytesOfBase64(byId("rows").textContent));
  document.documentElement.dataset.version = "file";
}

start().catch(tell);
