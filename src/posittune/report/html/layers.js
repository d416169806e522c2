// The layers of one mix that was looked at closely: errors, and weights on the grids of their formats.

function errorsPlot(run, mix) {
  const layers = run.details.layers;
  const series = [
    ["rounding the weight, at the layer's output", "output_error"],
    ["rounding the input, at the layer's output", "input_error"],
    ["the weight itself, |W \u2212 q(W)|\u00b2 / |W|\u00b2", "weight_error"],
  ];
  const data = series.map(([name, field]) => {
    const own = mix.layers.filter((each) => finite(each[field]) && number(each[field]) > 0);
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
  const mix = run.details?.mixes[0];
  if (!mix?.layers.length) return;
  addFigure(parent, {
    title: `Errors by layer: ${mix.title}`,
    note: "Squared error over squared signal: of the weight, and of the layer's output on calibration data when only its weight, or only its input, is rounded.",
    make: () => errorsPlot(run, mix),
    onClick: (point) => view.layer.set(point.customdata),
    rows: () =>
      table(
        [textColumn("layer", (each) => run.details.layers[each.layer].layer), numberColumn("output, weight rounded", (each) => numberText(each.output_error)), numberColumn("output, input rounded", (each) => numberText(each.input_error)), numberColumn("weight", (each) => numberText(each.weight_error))],
        mix.layers,
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
  if (!histogram) return { empty: "This layer has no weight that the mix quantizes." };
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
      yaxis: { title: "weights", domain: [0.14, 1] },
      yaxis2: { domain: [0, 0.1], showgrid: false, showticklabels: false, zeroline: false, range: [-1, 1], fixedrange: true },
    },
  };
}

function histogramChoices(run, mix) {
  return mix.layers.flatMap((each) => each.histograms.map((histogram) => ({ layer: each.layer, histogram, name: `${run.details.layers[each.layer].layer}: ${histogram.format}` })));
}

function addHistogram(parent, run, view) {
  const mix = run.details?.mixes[0];
  const choices = mix ? histogramChoices(run, mix) : [];
  if (choices.length === 0) return;
  const of = (layer) => Math.max(0, choices.findIndex((each) => each.layer === layer));
  const shown = new Choice(of(view.layer.value));
  view.layer.onChange((layer) => {
    const weight = run.details.layers[layer].weight;
    const at = choices.findIndex((each) => each.layer === layer || (weight && run.details.layers[each.layer].weight === weight));
    if (at >= 0) shown.set(at);
  });
  const note = element("span", { class: "note", "aria-live": "polite" });
  const say = () => {
    const { histogram } = choices[shown.value];
    const layer = run.details.layers[choices[shown.value].layer];
    const same = histogram.scale_low === histogram.scale_high;
    const scales = same ? numberText(histogram.scale_median) : `${numberText(histogram.scale_low)} to ${numberText(histogram.scale_high)}, median ${numberText(histogram.scale_median)}`;
    const weights = (histogram.rows * layer.parameters) / layer.rows;
    const beyond = weights - histogram.counts.reduce((sum, count) => sum + count, 0);
    const outside = beyond > 0 ? `; ${beyond} weights lie beyond the ends of the plot` : "";
    note.textContent = `${histogram.rows} of ${layer.rows} channels are in ${histogram.format}; scale ${scales}${outside}`;
  };
  shown.onChange(say);
  say();
  addFigure(parent, {
    title: `Weights on their grid: ${mix.title}`,
    note: "FP32 weights times their scale, and the values that the format has. A scale is good when the grid is fine where the weights are many, and few lie beyond its ends.",
    controls: [selectFor(shown, "Layer", choices.map((each, i) => [i, each.name])), note],
    choices: [shown],
    make: () => histogramPlot(choices[shown.value].histogram),
    rows: () => {
      const { histogram } = choices[shown.value];
      const width = (2 * histogram.limit) / histogram.counts.length;
      return table([numberColumn("from", (bin) => numberText(bin.from)), numberColumn("to", (bin) => numberText(bin.from + width)), numberColumn("weights", (bin) => String(bin.count))], histogram.counts.map((count, i) => ({ from: -histogram.limit + i * width, count })));
    },
  });
}
