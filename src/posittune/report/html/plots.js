// Figures: drawn one after the other once Plotly is there, and again when the theme, the width or a choice changes.
// A drag zooms, a double click shows all again.

const figures = [];

const smallFont = () => (narrow() ? 11 : 12.5);

function layoutWith(layout) {
  const axis = (own) => ({
    gridcolor: variable("--line"),
    zerolinecolor: variable("--line"),
    linecolor: variable("--line"),
    automargin: true,
    exponentformat: "power",
    ...own,
    ...(own?.title ? { title: { text: own.title, standoff: 8 } } : {}),
  });
  const axes = Object.fromEntries(
    Object.entries({ xaxis: {}, yaxis: {}, ...layout })
      .filter(([name]) => /^[xy]axis/.test(name))
      .map(([name, own]) => [name, axis(own)]),
  );
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: variable("--ink"), size: smallFont(), family: "system-ui, 'DejaVu Sans', sans-serif" },
    margin: { l: 50, r: 12, t: 12, b: 44 },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: smallFont() - 0.5 } },
    hoverlabel: { bgcolor: variable("--paper"), bordercolor: variable("--line"), font: { color: variable("--ink"), size: 13 }, align: "left" },
    hovermode: "closest",
    dragmode: narrow() ? false : "zoom", // a finger scrolls the page
    ...layout,
    ...axes,
  };
}

function redraw(figure) {
  if (!window.Plotly) return;
  const { data, layout, empty } = figure.make();
  if (empty) {
    if (figure.drawn) window.Plotly.purge(figure.plot);
    figure.drawn = false;
    figure.plot.replaceChildren(element("p", { class: "note" }, empty));
    return;
  }
  // Plotly keeps parts of a bar of colours that changes its direction.
  if (figure.drawn && figure.narrow !== narrow()) {
    window.Plotly.purge(figure.plot);
    figure.drawn = false;
  }
  figure.narrow = narrow();
  if (!figure.drawn) figure.plot.replaceChildren();
  const height = layout.height ?? 380;
  figure.plot.style.height = `${height}px`;
  window.Plotly.react(figure.plot, data, layoutWith({ ...layout, height }), {
    responsive: true,
    displaylogo: false,
    displayModeBar: false,
    doubleClick: "reset",
  });
  if (!figure.drawn && figure.onClick) {
    figure.plot.on("plotly_click", (event) => figure.onClick(event.points[0]));
  }
  figure.drawn = true;
}

// A figure with its title, what it shows, its controls, its plot (of make()) and its numbers.
function addFigure(parent, { title, note, controls = [], choices = [], make, rows, onClick }) {
  const plot = element("div", { class: "plot", role: "img", "aria-label": `Plot: ${title}. Its numbers are in the table below.` });
  const parts = [element("h3", {}, title), element("p", { class: "note" }, note)];
  if (controls.length > 0) parts.push(element("div", { class: "controls" }, controls));
  parts.push(plot);
  const below = rows ? tableBelow(rows) : null;
  if (below) parts.push(below);
  parent.append(element("section", { class: "figure" }, parts));
  const figure = { plot, make, onClick, drawn: false };
  figures.push(figure);
  for (const choice of choices) {
    choice.onChange(() => {
      redraw(figure);
      if (below?.open) below.replaceChildren(below.firstChild, rows());
    });
  }
}

// One figure for each turn of the event loop, so that the page answers in between.
function drawAll(done) {
  let next = 0;
  const step = () => {
    if (next >= figures.length) return done();
    const start = performance.now();
    redraw(figures[next]);
    performance.measure("posittune-turn", { start });
    if (next === 0) performance.mark("posittune-first");
    next += 1;
    setTimeout(step, 0);
  };
  performance.mark("posittune-plotly");
  step();
}

function redrawAll() {
  for (const figure of figures) redraw(figure);
}

// Error bars of estimates; none where an interval is not known.
function errorBars(estimates) {
  const size = (of) => (Number.isFinite(of) ? Math.max(0, of) : 0);
  return {
    type: "data",
    symmetric: false,
    array: estimates.map((each) => size(number(each.high) - number(each.value))),
    arrayminus: estimates.map((each) => size(number(each.value) - number(each.low))),
    thickness: 1.2,
    width: 3,
  };
}

const logAxis = (title) => ({ title, type: "log", dtick: narrow() ? 1 : undefined });

// Names along an axis: by index, so that equal names stay apart.
function namedAxis(names, most) {
  return { tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => plain(shortened(name, most))), zeroline: false };
}
const labelWidth = () => (narrow() ? 16 : 38);
