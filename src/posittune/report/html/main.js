// The page: its parts in order.

const contents = document.getElementById("contents");
function addContent(id, text) {
  contents.append(element("li", {}, element("a", { href: `#${id}` }, text)));
}

function addRun(parent, run, i) {
  const several = report.runs.length > 1;
  const section = element("section", { id: `run-${i + 1}` });
  if (several) section.append(element("h2", {}, `${runName(run, i)}: ${run.summary.title}`));
  parent.append(section);
  addContent(`run-${i + 1}`, several ? runName(run, i) : "Summary");
  const row = new Choice(run.summary.best[0] ?? 0);
  const view = { row, layer: new Choice(run.details?.looks[0]?.layer ?? 0), mix: lookChoice(run, row) };
  addCard(section, run);
  const parts = {
    compare: [["Formats", addComparison], ["Layers", addAssignment, addErrors, addHistogram], ["Items", addItems], ["Cost", addCosts]],
    sensitivity: [["Sensitivity", addSensitivity], ["Layers", addErrors, addHistogram]],
    search: [["Loss against cost", addPareto], ["Formats", addAssignment, addComparison], ["Sensitivity", addExpected], ["Trust", addPredicted, addRefinement], ["Layers", addErrors, addHistogram], ["Items", addItems], ["Cost", addCosts]],
  }[run.command];
  parts.push(["How to reproduce", addReproduce]);
  parts.forEach(([title, ...adders], p) => {
    const part = element("section", { id: `run-${i + 1}-${p}` });
    for (const add of adders) add(part, run, view);
    if (part.childElementCount === 0) return;
    part.prepend(element(several ? "h3" : "h2", {}, title));
    section.append(part);
    if (!several) addContent(part.id, title);
  });
}

function addThemeButton() {
  const button = document.getElementById("theme");
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    button.textContent = `Theme: ${theme}`;
    applyTheme();
    redrawAll();
  });
  systemDark.addEventListener("change", () => {
    applyTheme();
    redrawAll();
  });
}

// On paper everything is light, and drawn.
function followPrinting() {
  window.addEventListener("beforeprint", () => {
    applyTheme(true);
    redrawAll();
  });
  window.addEventListener("afterprint", () => {
    applyTheme();
    redrawAll();
  });
}

function followWidth() {
  narrowMedia.addEventListener("change", redrawAll);
}

performance.mark("posittune-page");
const main = document.getElementById("report");
if (report.runs.length > 1) {
  addContent("runs", "Runs compared");
  addRuns(main, report.runs);
}
report.runs.forEach((run, i) => addRun(main, run, i));
document.getElementById("footer").append(element("p", {}, `Written by PositTune ${report.version}, ${report.written}. Plots: Plotly.js, MIT licence. This file needs no network.`));
addThemeButton();
followPrinting();
followWidth();
// Plotly is the script behind this one.
document.addEventListener("DOMContentLoaded", () =>
  drawAll(() => {
    document.documentElement.dataset.drawn = String(figures.length);
    performance.mark("posittune-drawn");
  }),
);
