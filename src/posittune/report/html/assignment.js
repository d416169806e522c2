// Which format each layer has under one row.

// Layers are numbered along the network without those that no row can quantize.
const placesInNetwork = new WeakMap();
function placeInNetwork(run, layer) {
  if (!placesInNetwork.has(run)) {
    const quantized = new Set(run.details.settings.filter((setting) => setting.input !== "fp32").map((setting) => setting.layer));
    const shown = run.details.layers.map((_, i) => i).filter((i) => run.details.layers[i].weight || quantized.has(i));
    placesInNetwork.set(run, new Map(shown.map((i, place) => [i, place + 1])));
  }
  return placesInNetwork.get(run).get(layer);
}

// The settings of a row by layer: {layer, name, format, bits, ...}.
function assigned(run, i) {
  const { layers, settings, rows } = run.details;
  const weightBits = new Map();
  const own = rows[i].settings.map((at) => settings[at]);
  for (const setting of own) {
    const layer = layers[setting.layer];
    if (layer.weight && number(setting.bits) > 0) weightBits.set(layer.weight, number(setting.bits) / layer.parameters);
  }
  return own.map((setting) => ({ ...setting, ...layers[setting.layer], index: setting.layer, place: placeInNetwork(run, setting.layer), perWeight: weightBits.get(layers[setting.layer].weight) ?? NaN })).filter((layer) => layer.place);
}

function assignmentText(layer) {
  const lines = [`<b>${plain(layer.layer)}</b>`, `weight: ${layer.weight ? plain(layer.format) : "none"}${layer.scale ? ` (${plain(layer.scale)})` : ""}`];
  if (finite(layer.perWeight)) lines.push(`${numberText(layer.perWeight)} bits per weight, ${scaledText(layer.parameters, ["", "k", "M", "G"])} weights`);
  lines.push(`input: ${plain(layer.input)}`, `${scaledText(layer.macs, ["", "k", "M", "G", "T"])} MACs`);
  return lines.join("<br>");
}

function stripPlot(layers, view) {
  const weighted = layers.filter((layer) => layer.weight);
  const formats = [...new Set(weighted.map((layer) => layer.format))];
  const data = formats.map((format) => {
    const own = weighted.filter((layer) => layer.format === format);
    return {
      type: "bar",
      name: plain(format),
      x: own.map((layer) => layer.place),
      width: layers.length > 80 ? 1 : 0.86,
      y: own.map((layer) => layer.perWeight),
      marker: { color: colourOf(format), pattern: { shape: patternOf(format), fillmode: "overlay", fgcolor: variable("--paper"), size: 5 }, line: { width: 0 } },
      customdata: own.map((layer) => layer.index),
      text: own.map(assignmentText),
      textposition: "none",
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  const inputs = layers.filter((layer) => layer.input !== "fp32");
  const names = [...new Set(inputs.map((layer) => layer.input))];
  for (const name of names) {
    const own = inputs.filter((layer) => layer.input === name);
    data.push({
      type: "scatter",
      mode: "markers",
      name: plain(`input ${name}`),
      xaxis: "x",
      yaxis: "y2",
      x: own.map((layer) => layer.place),
      y: own.map(() => names.indexOf(name)),
      marker: { color: colourOf(name), symbol: "square", size: 7 },
      customdata: own.map((layer) => layer.index),
      text: own.map(assignmentText),
      hovertemplate: "%{text}<extra></extra>",
    });
  }
  const most = Math.max(...weighted.map((layer) => layer.perWeight).filter(Number.isFinite));
  const chosen = layers.find((layer) => layer.index === view.layer.value)?.place ?? 0;
  return {
    data,
    layout: {
      height: 320 + (names.length > 0 ? 60 + 14 * names.length : 0),
      barmode: "overlay",
      xaxis: { title: "layer, in order of execution", zeroline: false, range: [0.2, layers.length + 0.8] },
      yaxis: { title: "bits per weight", domain: names.length > 0 ? [0, 0.72] : [0, 1], ...(most > 16 ? { type: "log", range: [Math.log10(1.5), Math.log10(most * 1.1)], tickvals: [2, 4, 8, 16, 32] } : {}) },
      ...(names.length > 0 ? { yaxis2: { ...namedAxis(names, 14), domain: [0.8, 1], range: [-0.5, names.length - 0.5] } } : {}),
      shapes: [{ type: "line", xref: "x", yref: "paper", x0: chosen, x1: chosen, y0: 0, y1: 1, line: { color: variable("--ink"), width: 1, dash: "dot" } }],
    },
  };
}

function addAssignment(parent, run, view) {
  if (!run.details?.rows[view.row.value]?.settings.length) return;
  const note = element("p", { class: "note", "aria-live": "polite" });
  const say = () => {
    const row = run.results.rows[view.row.value];
    note.textContent = `${rowNameOf(run, row)}: ${mixText(run, view.row.value)} of the weights.`;
  };
  view.row.onChange(say);
  say();
  addFigure(parent, {
    title: "The formats along the network",
    note: "The height is the stored bits of a weight, scales included. A click chooses a layer for the histogram; the dotted line marks it.",
    controls: [rowSelectOf(run, view), note],
    choices: [view.row, view.layer],
    make: () => stripPlot(assigned(run, view.row.value), view),
    onClick: (point) => {
      if (point.customdata !== undefined) view.layer.set(point.customdata);
    },
    rows: () =>
      table(
        [textColumn("layer", (layer) => layer.layer), textColumn("kind", (layer) => layer.kind), textColumn("weight", (layer) => (layer.weight ? layer.format : "\u2013")), textColumn("scale", (layer) => layer.scale), textColumn("input", (layer) => layer.input), numberColumn("bits/weight", (layer) => numberText(layer.perWeight)), numberColumn("weights", (layer) => String(layer.parameters)), numberColumn("MACs", (layer) => String(layer.macs))],
        assigned(run, view.row.value),
        { chosen: (layer) => layer.index === view.layer.value, onChoose: (layer) => view.layer.set(layer.index) },
      ),
  });
}

const compareName = (row) => `${row.format}, ${row.what}, ${row.scale}`;
const rowNameOf = (run, row) => (run.command === "search" ? rowName(row) : compareName(row));
const rowSelectOf = (run, view) => selectFor(view.row, run.command === "search" ? "Mix" : "Row", run.results.rows.map((row, i) => [i, rowNameOf(run, row)]));
