// What all parts use: the data, elements, numbers as text.

const report = JSON.parse(document.getElementById("data").textContent);

// JSON has no infinities and no NaN: they are texts there.
const number = (value) => (typeof value === "number" ? value : Number(value));
const finite = (value) => Number.isFinite(number(value));

// An element with attributes and children; a text child stays text, whatever it holds.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

// A name as Plotly takes it: Plotly reads some HTML in its texts.
function plain(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// The end of a name tells more than its beginning.
function shortened(text, most) {
  return text.length <= most ? text : "\u2026" + text.slice(text.length - most + 1);
}

function numberText(value, digits = 4) {
  const v = number(value);
  if (Number.isNaN(v)) return "\u2013";
  if (!Number.isFinite(v)) return v > 0 ? "\u221e" : "\u2212\u221e";
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = size < 1e-3 || size >= 1e6 ? v.toExponential(Math.min(digits - 1, 2)) : String(Number(v.toPrecision(digits)));
  return text.replace("e+", "e");
}

function scaledText(value, units) {
  let v = number(value);
  if (!Number.isFinite(v)) return numberText(v);
  let unit = 0;
  while (Math.abs(v) >= 1000 && unit + 1 < units.length) {
    v /= 1000;
    unit += 1;
  }
  return `${numberText(v, 3)} ${units[unit]}`;
}
const bytesText = (bytes) => scaledText(bytes, ["B", "kB", "MB", "GB"]);
const energyText = (pj) => scaledText(pj, ["pJ", "nJ", "uJ", "mJ", "J"]);
const percentText = (part) => (finite(part) ? `${part > 0 ? "+" : ""}${numberText(100 * part, 3)} %` : "\u2013");

function intervalText(estimate) {
  const { value, low, high } = estimate;
  const one = numberText(value);
  return finite(low) && finite(high) && low !== high ? `${one} [${numberText(low)}, ${numberText(high)}]` : one;
}

const lossTitle = (scored) => ({ kl: "KL", disagreement: "1 \u2212 agreement" })[scored.loss] ?? scored.loss;
const withUnit = (title, unit) => (unit ? `${title} (${unit})` : title);

// Names of metrics, the most important first.
function metricNames(rows) {
  const ranks = new Map();
  for (const row of rows) {
    for (const [name, metric] of Object.entries(row.metrics ?? {})) ranks.set(name, metric.rank);
  }
  return [...ranks.keys()].sort((a, b) => ranks.get(a) - ranks.get(b) || (a < b ? -1 : 1));
}

// The metric of a task: the most important one beside the loss.
const primaryMetric = (rows) => metricNames(rows).find((name) => rows.some((row) => row.metrics[name]?.rank > 0));

function quantile(sorted, q) {
  if (sorted.length === 0) return NaN;
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

const narrowMedia = window.matchMedia("(max-width: 599px)");
const narrow = () => narrowMedia.matches;
