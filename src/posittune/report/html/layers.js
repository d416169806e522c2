// The layers of mixes that were looked at closely: errors, and weights on the grids of their formats.

// Of the rows some were looked at: the index in `mixes` of the one that is shown, which follows the chosen row as far as it is
// among them.
function lookChoice(run, row) {
  const mixes = run.details?.mixes ?? [];
  const of = (value) => mixes.findIndex((mix) => mix.row === value);
  const shown = new Choice(Math.max(0, of(row.value)));
  row.onChange((value) => {
    if (of(value) >= 0) shown.set(of(value));
  });
  shown.onChange((at) => row.set(mixes[at].row));
  return shown;
}

const looksOf = (run, mix) => run.details.mixes[mix].looks.map((at) => run.details.looks[at]);
const mixControl = (run, view) => (run.details.mixes.length > 1 ? selectFor(view.mix, "Mix", run.details.mixes.map((mix, i) => [i, mix.title])) : element("span", { class: "note" }, run.details.mixes[0].title));

function errorsPlot(run, looks) {
  const layers = run.details.layers;
  const series = [
    ["rounding the weight, at the layer's output", "output_error"],
    ["rounding the input, at the layer's output", "input_error"],
    ["the weight itself, |W \u2212 q(W)|\u00b2 / |W|\u00b2", "weight_error"],
  ];
  const data = series.map(([name, field]) => {
    const own = looks.filter((each) => finite(each[field]) && number(each[field]) > 0);
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: own.map((each) => placeInNetwork(run, each.layer)),
      y: own.map((each) => number(each[field])),
      marker: { color: colourOf(name, "errors"), symbol: symbolOf(name, "errors"), size: 8 },
      customdata: own.map((each) => each.layer),
      text: own.map((each) => `<b>${plain(layers[each.layer].layer)}</b><br>${name}: ${numberText(each[field])}`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  if (data.every((trace) => trace.x.length === 0)) return { empty: "No error is above 0." };
  return { data, layout: { height: 400, xaxis: { title: "layer, in order of execution", zeroline: false }, yaxis: logAxis("error / signal") } };
}

function addErrors(parent, run, view) {
  if (!run.details?.looks.length) return;
  addFigure(parent, {
    title: "Errors by layer",
    note: "Squared error over squared signal: of the weight, and of the layer's output on calibration data when only its weight, or only its input, is rounded.",
    controls: [mixControl(run, view)],
    choices: [view.mix],
    make: () => errorsPlot(run, looksOf(run, view.mix.value)),
    onClick: (point) => view.layer.set(point.customdata),
    rows: () =>
      table(
        [textColumn("layer", (each) => run.details.layers[each.layer].layer), numberColumn("output, weight rounded", (each) => numberText(each.output_error)), numberColumn("output, input rounded", (each) => numberText(each.input_error)), numberColumn("weight", (each) => numberText(each.weight_error))],
        looksOf(run, view.mix.value),
        { onChoose: (each) => view.layer.set(each.layer) },
      ),
  });
}

// The grid as marks on the axis. Values further out than the bins are not shown.
function gridTrace(histogram, grid) {
  const values = grid.filter((value) => Math.abs(value) <= histogram.limit);
  return {
    type: "scatter",
    mode: "markers",
    name: `grid of ${plain(histogram.format)}`,
    x: values,
    y: values.map(() => 0),
    yaxis: "y2",
    marker: { symbol: "line-ns-open", size: 14, color: variable("--ink"), line: { width: 1.2 } },
    hovertemplate: "%{x}<extra>value of the grid</extra>",
  };
}

function histogramPlot(histogram) {
  if (!histogram) return { empty: "The weight of this layer stays FP32 in this mix." };
  const bins = histogram.counts.length;
  const width = (2 * histogram.limit) / bins;
  const centres = histogram.counts.map((_, i) => -histogram.limit + (i + 0.5) * width);
  const data = [
    { type: "bar", name: "weights, scaled", x: centres, y: histogram.counts, width, marker: { color: colourOf(histogram.format), line: { width: 0 } }, hovertemplate: "%{x:.4g}: %{y} weights<extra></extra>" },
  ];
  const grid = report.grids[histogram.format];
  if (grid) data.push(gridTrace(histogram, grid));
  return {
    data,
    layout: {
      height: 400,
      bargap: 0,
      xaxis: { title: "weight \u00d7 scale, in units of the grid", range: [-histogram.limit, histogram.limit], anchor: "y2", zeroline: false },
      yaxis: { title: "weights", domain: [0.14, 1], exponentformat: "SI" },
      yaxis2: { domain: [0, 0.1], showgrid: false, showticklabels: false, zeroline: false, range: [-1, 1], fixedrange: true },
    },
  };
}

// Which layer of those with a histogram, and which format of its channels.
function histogramChoices(run, view) {
  const { layers, looks } = run.details;
  const listed = [...new Set(looks.filter((look) => look.histograms.length > 0).map((look) => look.layer))].sort((a, b) => a - b);
  const of = (layer) => {
    const weight = layers[layer].weight; // of an earlier layer too
    return listed.findIndex((each) => each === layer || (weight && layers[each].weight === weight));
  };
  const layer = new Choice(listed[Math.max(0, of(view.layer.value))]);
  const format = new Choice(0);
  view.layer.onChange((value) => {
    if (of(value) >= 0) layer.set(listed[of(value)]);
  });
  for (const each of [layer, view.mix]) each.onChange(() => format.set(0));
  const histograms = () => looksOf(run, view.mix.value).find((look) => look.layer === layer.value)?.histograms ?? [];
  return { listed, layer, format, histograms, shown: () => histograms()[format.value] };
}

function histogramNote(layer, histogram) {
  if (!histogram) return "";
  const same = histogram.scale_low === histogram.scale_high;
  const scales = same ? numberText(histogram.scale_median) : `${numberText(histogram.scale_low)} to ${numberText(histogram.scale_high)}, median ${numberText(histogram.scale_median)}`;
  const weights = (histogram.rows * layer.parameters) / layer.rows;
  const beyond = weights - histogram.counts.reduce((sum, count) => sum + count, 0);
  const outside = beyond > 0 ? `; ${beyond} weights lie beyond the ends of the plot` : "";
  return `${histogram.rows} of ${layer.rows} channels are in ${histogram.format}; scale ${scales}${outside}`;
}

function addHistogram(parent, run, view) {
  if (!run.details?.looks.some((look) => look.histograms.length > 0)) return;
  const { listed, layer, format, histograms, shown } = histogramChoices(run, view);
  const name = (at) => run.details.layers[at].layer;
  const choices = [view.mix, layer, format];
  const note = element("span", { class: "note", "aria-live": "polite" });
  const say = () => {
    note.textContent = histogramNote(run.details.layers[layer.value], shown());
  };
  for (const choice of choices) choice.onChange(say);
  say();
  addFigure(parent, {
    title: "Weights on their grid",
    note: "FP32 weights times their scale, and the values that the format has. A scale is good when the grid is fine where the weights are many, and few lie beyond its ends.",
    controls: [mixControl(run, view), selectFor(layer, "Layer", listed.map((each) => [each, name(each)])), selectFor(format, "Format", () => histograms().map((each, i) => [i, each.format]), [view.mix, layer]), note],
    choices,
    make: () => histogramPlot(shown()),
    rows: () => {
      const histogram = shown();
      if (!histogram) return element("p", { class: "note" }, "No numbers: the weight stays FP32.");
      const width = (2 * histogram.limit) / histogram.counts.length;
      return table([numberColumn("from", (bin) => numberText(bin.from)), numberColumn("to", (bin) => numberText(bin.from + width)), numberColumn("weights", (bin) => String(bin.count))], histogram.counts.map((count, i) => ({ from: -histogram.limit + i * width, count })));
    },
  });
}
