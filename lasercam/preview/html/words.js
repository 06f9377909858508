// Numbers in words, and elements from words. Text of a job only ever becomes text.

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];

function shownSi(value, unit) {
  if (!value) return `0 ${unit}`;
  const [scale, prefix] = PREFIXES.find(([s]) => Math.abs(value) >= s * 0.99995) ?? PREFIXES[PREFIXES.length - 1];
  return `${Number((value / scale).toPrecision(4))} ${prefix}${unit}`;
}

function shownTime(seconds) {
  if (seconds < 60) return shownSi(seconds, "s");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60), hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const shownLength = (um) => (Math.abs(um) >= 10000 ? `${Number((um / 1000).toPrecision(5))} mm` : `${Number(um.toFixed(3))} µm`);
const shownCount = (n) => Math.round(n).toLocaleString("en");
const counted = (n, noun) => `${shownCount(n)} ${noun}${n === 1 ? "" : "s"}`;

// element("p", {className: "small"}, "text", child, …)
function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key.startsWith("aria-") || key === "scope") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);
