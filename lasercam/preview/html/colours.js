// What is coloured by what: for every segment a class, for every class a colour and words.

// Anchors of the viridis map by S. van der Walt and N. Smith (public domain, CC0): even in lightness, safe without
// full colour vision.
const RAMP = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
const RAMP_CLASSES = 256;
const NO_CLASS = 65535;

const rgbOf = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const hexOf = (rgb) => "#" + rgb.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("");

function ramp(share) {
  const at = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1), low = Math.min(Math.floor(at), RAMP.length - 2);
  const a = rgbOf(RAMP[low]), b = rgbOf(RAMP[low + 1]);
  return a.map((v, i) => v + (b[i] - v) * (at - low));
}

// Source: WCAG 2.2, relative luminance and contrast ratio.
function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => { const s = v / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// The colour, moved away from the paper until it can be seen on it.
function legible(rgb, paper) {
  const behind = luminance(paper), goal = behind > 0.5 ? 0 : 255;
  let colour = rgb;
  for (let i = 0; i < 10; i++) {
    const front = luminance(colour);
    if ((Math.max(front, behind) + 0.05) / (Math.min(front, behind) + 0.05) >= 1.7) break;
    colour = colour.map((v) => v + (goal - v) * 0.15);
  }
  return colour;
}

// Ways to colour a scene. Each gives: title; classes, one per segment; looks (colour, title, details) per class;
// `groups` when classes can be switched off one by one; a note.
function colourings(scene) {
  const { facts, columns } = scene;
  const found = {
    recipe: { title: "recipe", make: () => byRecipe(scene) },
    step: { title: "step", make: () => byStep(scene) },
    order: { title: "order", make: () => byRamp(scene, columns.row, facts.n_rows - 1, (v) => `row ${shownCount(v)}`, "Number of the row in the toolpath.") },
    time: { title: "time", make: () => byRamp(scene, columns.begin, facts.total_s / facts.quantum_s, (v) => shownTime(v * facts.quantum_s), "When a feature begins.") },
    dose: { title: "dose along lines", make: () => byDose(scene) },
  };
  facts.glow.forEach((view, index) => {
    found["glow" + index] = { title: `emission: ${view.title}`, dark: true, make: (stage) => byGlow(scene, view, stage) };
  });
  return found;
}

function classesBy(scene, classOf) {
  const out = new Uint16Array(scene.length);
  for (let i = 0; i < out.length; i++) out[i] = classOf(i);
  return out;
}

function byRecipe(scene) {
  const { facts, columns } = scene;
  const group = facts.recipes.map((recipe) => (recipe.group < 0 ? NO_CLASS : recipe.group));
  return { classes: classesBy(scene, (i) => group[columns.recipe[i]]), looks: facts.groups, groups: true, note: "" };
}

function byStep(scene) {
  const { facts } = scene, palette = facts.step_colours, n = facts.steps.length;
  const looks = facts.steps.map((step, i) => ({
    colour: n <= palette.length ? palette[i] : hexOf(ramp(i / (n - 1))), title: `${i + 1}. ${step.name}`, details: [step.verb],
    absent: !facts.sections.some((section) => section.step === i),
  }));
  return { classes: classesBy(scene, (i) => scene.step(i)), looks, groups: true, note: "" };
}

function byRamp(scene, values, most, words, note) {
  const scale = most > 0 ? (RAMP_CLASSES - 1) / most : 0;
  const classes = classesBy(scene, (i) => Math.min(RAMP_CLASSES - 1, Math.max(0, Math.round(values[i] * scale))));
  const looks = Array.from({ length: RAMP_CLASSES }, (_, i) => ({ colour: hexOf(ramp(i / (RAMP_CLASSES - 1))), title: "", details: [] }));
  const said = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ colour: hexOf(ramp(share)), title: words(share * most), details: [] }));
  return { classes, looks, groups: false, said, note };
}

function byDose(scene) {
  const { facts, columns } = scene, { edges, colours, titles, note } = facts.dose, other = colours.length;
  const classes = classesBy(scene, (i) => {
    const dose = columns.dose[i] / 1000;
    if (!dose) return other;
    let step = 0;
    while (step < edges.length && dose >= edges[step]) step++;
    return step;
  });
  const looks = colours.map((colour, i) => ({ colour, title: titles[i], details: [] }));
  looks.push({ colour: "#8a8a8a", title: "dots and shots, as commanded", details: [] });
  return { classes, looks, groups: true, note };
}

function byGlow(scene, view, stage) {
  const { facts, columns } = scene, pairOf = new Map();
  facts.pairs.forEach(([part, recipe], i) => pairOf.set(part * 65536 + recipe, i));
  const after = stage > 0 ? view.after[stage - 1] : [];
  const dark = view.looks.length;
  const classes = classesBy(scene, (i) => {
    const look = after[pairOf.get(columns.part[i] * 65536 + columns.recipe[i])];
    return look === undefined || look < 0 ? dark : look;
  });
  const looks = view.looks.map((look) => ({ colour: look.colour, title: look.says, details: [] }));
  looks.push({ colour: "#2a2a2a", title: "nothing yet", details: [] });
  const note = "Predicted from what the sources state; one brightness scale for all steps. What does not glow is drawn almost black, what nobody states grey.";
  return { classes, looks, groups: true, note };
}
