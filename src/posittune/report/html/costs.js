// What a mix costs, by layer.

const layerCosts = {
  bits: ["stored bits", (layer) => [["weights and scales", number(layer.bits)]]],
  energy: ["energy of one inference (pJ)", (layer) => [["products", number(layer.compute_pj)], ["memory", number(layer.memory_pj)]]],
  area: ["largest MAC unit (um\u00b2)", (layer) => [["MAC unit", number(layer.area_um2)]]],
};

function costsPlot(layers, kind) {
  const [title, partsOf] = layerCosts[kind];
  const names = partsOf(layers[0]).map(([name]) => name);
  const data = names.map((name, p) => ({
    type: "bar",
    name,
    x: layers.map((layer) => layer.place),
    y: layers.map((layer) => partsOf(layer)[p][1]),
    marker: { color: colourOf(name, "costs"), pattern: { shape: p === 1 ? "/" : "", fillmode: "overlay", fgcolor: variable("--paper"), size: 5 }, line: { width: 0 } },
    customdata: layers.map((layer) => layer.index),
    text: layers.map((layer) => `<b>${plain(layer.layer)}</b><br>${plain(layer.format)}, input ${plain(layer.input)}<br>${name}: ${numberText(partsOf(layer)[p][1])}`),
    textposition: "none",
    hovertemplate: "%{text}<extra></extra>",
  }));
  return { data, layout: { height: 360, barmode: "stack", bargap: layers.length > 80 ? 0 : 0.12, xaxis: { title: "layer, in order of execution", zeroline: false }, yaxis: { title, exponentformat: kind === "bits" ? "SI" : "power" }, showlegend: names.length > 1 } };
}

function addCosts(parent, run, view) {
  if (!run.details?.rows[view.row.value]?.settings.length) return;
  const layers = () => assigned(run, view.row.value);
  const kinds = Object.keys(layerCosts).filter((kind) => layers().some((layer) => layerCosts[kind][1](layer).some(([, value]) => value > 0)));
  if (kinds.length === 0) return;
  const kind = new Choice(kinds[0]);
  addFigure(parent, {
    title: "Cost by layer",
    note: `A weight that several layers share is stored once, at the first of them. Energy and area: ${run.details.cost_table}. Products that are no layers are in the totals of the rows, not here.`,
    controls: [rowSelectOf(run, view), selectFor(kind, "Cost", kinds.map((name) => [name, layerCosts[name][0]]))],
    choices: [view.row, kind],
    make: () => costsPlot(layers(), kind.value),
    onClick: (point) => view.layer.set(point.customdata),
    rows: () =>
      table(
        [textColumn("layer", (layer) => layer.layer), textColumn("weight", (layer) => layer.format), textColumn("input", (layer) => layer.input), numberColumn("bits", (layer) => numberText(layer.bits, 6)), numberColumn("products (pJ)", (layer) => numberText(layer.compute_pj)), numberColumn("memory (pJ)", (layer) => numberText(layer.memory_pj)), numberColumn("MAC unit (um\u00b2)", (layer) => numberText(layer.area_um2))],
        layers(),
      ),
  });
}
