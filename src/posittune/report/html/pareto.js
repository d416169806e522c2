// Loss against cost for all rows of a search: mixes, uniform formats, rules of thumb.

const costs = {
  bits_per_weight: ["bits per weight", (v) => numberText(v, 4)],
  bytes: ["size of weights (bytes)", bytesText],
  energy: ["energy of one inference (pJ)", energyText],
  area: ["mean area of a MAC unit (um\u00b2)", (v) => numberText(v, 4)],
  mac_bits: ["bits of weight \u00d7 bits of input, mean over MACs", (v) => numberText(v, 4)],
};

// Formats of a family lie on one line.
function seriesOf(row) {
  if (row.method.startsWith("search")) return "searched mixes";
  if (row.method === "front") return "front of searched mixes";
  if (!row.method.startsWith("uniform ")) return row.method;
  return `uniform ${row.method.slice("uniform ".length).match(/^[a-z]+/i)?.[0] ?? ""}`;
}

const rowName = (row) => (row.budget ? `${row.method}, ${row.budget}` : row.method);

// "61 % posit<5,1>, 30 % int6": parts of the parameters.
function mixText(run, i, most = 5) {
  const shares = formatShares(run, i);
  if (!shares) return "";
  const texts = shares.slice(0, most).map(([format, part]) => `${numberText(100 * part, 2)} % ${format}`);
  return texts.join(", ") + (shares.length > most ? ", \u2026" : "");
}

function formatShares(run, i) {
  const settings = run.details?.rows[i]?.settings;
  if (!settings?.length) return null;
  const shares = new Map();
  const seen = new Set();
  let all = 0;
  for (const at of settings) {
    const setting = run.details.settings[at];
    const layer = run.details.layers[setting.layer];
    if (!layer.weight || seen.has(layer.weight)) continue;
    seen.add(layer.weight);
    shares.set(setting.format, (shares.get(setting.format) ?? 0) + layer.parameters);
    all += layer.parameters;
  }
  return [...shares.entries()].map(([format, size]) => [format, size / all]).sort((a, b) => b[1] - a[1]);
}

function paretoText(run, i, cost, measure) {
  const row = run.results.rows[i];
  const lines = [`<b>${plain(rowName(row))}</b>`, `${plain(costs[cost][0])}: ${costs[cost][1](row[cost])}`, `${plain(measure)}: ${intervalText(valueOf(row, measure))}`];
  if (cost !== "bits_per_weight") lines.push(`${numberText(row.bits_per_weight)} bits per weight`);
  const primary = primaryMetric(run.results.rows);
  if (primary && primary !== measure && row.metrics[primary]) lines.push(`${plain(primary)}: ${intervalText(row.metrics[primary])}`);
  const mix = mixText(run, i, 4);
  if (mix) lines.push(plain(mix).replace(/, /g, "<br>"));
  return lines.join("<br>");
}

function paretoPlot(run, view, cost, measure) {
  const rows = run.results.rows;
  const log = isLoss(rows, measure);
  const usable = (row) => finite(valueOf(row, measure)?.value) && finite(row[cost]) && (!log || number(valueOf(row, measure).value) > 0);
  const groups = new Map();
  rows.forEach((row, i) => {
    if (!usable(row)) return;
    const name = seriesOf(row);
    groups.set(name, [...(groups.get(name) ?? []), i]);
  });
  if (groups.size === 0) return { empty: "No row has a value of this measure." };
  const data = [...groups.entries()].map(([name, members]) => {
    const own = [...members].sort((a, b) => number(rows[a][cost]) - number(rows[b][cost]));
    const mix = name.endsWith("searched mixes");
    return {
      type: "scatter",
      mode: own.length > 1 && (mix || name.startsWith("uniform ")) ? "lines+markers" : "markers",
      name: plain(name),
      x: own.map((i) => number(rows[i][cost])),
      y: own.map((i) => number(valueOf(rows[i], measure).value)),
      error_y: mix ? { ...errorBars(own.map((i) => valueOf(rows[i], measure))), color: colourOf(name, "series") } : undefined,
      marker: { color: colourOf(name, "series"), symbol: symbolOf(name, "series"), size: mix ? 10 : 7 },
      line: { color: colourOf(name, "series"), width: mix ? 2.5 : 1.2, dash: mix ? "solid" : "dot" },
      customdata: own,
      text: own.map((i) => paretoText(run, i, cost, measure)),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  const chosen = rows[view.row.value];
  if (usable(chosen)) {
    data.push({
      type: "scatter",
      mode: "markers",
      name: "shown below",
      x: [number(chosen[cost])],
      y: [number(valueOf(chosen, measure).value)],
      marker: { symbol: "circle-open", size: 20, color: variable("--ink"), line: { width: 2.5 } },
      hoverinfo: "skip",
    });
  }
  return { data, layout: { height: narrow() ? 560 : 520, xaxis: { title: plain(costs[cost][0]) }, yaxis: log ? logAxis(plain(measureTitle(run, rows, measure))) : { title: plain(measureTitle(run, rows, measure)) } } };
}

// The list of rows that goes with every figure of one row.
const rowSelect = (run, view) => selectFor(view.row, "Mix", run.results.rows.map((row, i) => [i, rowName(row)]));

function addPareto(parent, run, view) {
  const rows = run.results.rows;
  const measures = measuresOf(rows);
  const available = Object.keys(costs).filter((cost) => new Set(rows.map((row) => number(row[cost]))).size > 1);
  if (measures.length === 0 || available.length === 0) return;
  const measure = new Choice(measures.includes(run.results.scored.loss) ? run.results.scored.loss : measures[0]);
  const cost = new Choice(available[0]);
  addFigure(parent, {
    title: "Every mix by loss and cost",
    note: "Lower and further left is better. A click, or the list, chooses the mix that the figures below show; it is ringed. Mixes have 95 % intervals.",
    controls: [selectFor(cost, "Cost", available.map((name) => [name, costs[name][0]])), selectFor(measure, "Measure", measures.map((name) => [name, name])), rowSelect(run, view)],
    choices: [cost, measure, view.row],
    make: () => paretoPlot(run, view, cost.value, measure.value),
    onClick: (point) => {
      if (point.customdata !== undefined) view.row.set(point.customdata);
    },
    rows: () =>
      table(
        [textColumn("mix", rowName), ...available.map((name) => numberColumn(costs[name][0], (row) => costs[name][1](row[name]))),
          ...measures.map((name) => numberColumn(name, (row) => (valueOf(row, name) ? intervalText(valueOf(row, name)) : "\u2013"))),
          numberColumn("proven gap", (row) => (finite(row.optimality_gap) ? (number(row.optimality_gap) < 1e-8 ? "optimal" : numberText(row.optimality_gap, 2)) : "\u2013"))],
        rows,
        { chosen: (_, i) => i === view.row.value, onChoose: (_, i) => view.row.set(i) },
      ),
  });
}

function addPredicted(parent, run) {
  const kind = (row) => (row.method.startsWith("search") || row.method === "front" ? "searched mixes" : row.method.startsWith("uniform ") ? "uniform formats" : "rules of thumb");
  const points = run.results.rows.map((row) => ({ x: row.predicted_loss, y: row.search_loss.value, low: row.search_loss.low, high: row.search_loss.high, name: rowName(row), group: kind(row) }));
  addAgreementFigure(parent, run, "Predicted against measured loss", "The sum of scores that the search minimised against the loss that was measured on search data. Above the dashed line a mix loses more than was predicted.", points.filter((point) => finite(point.x)));
}

function addRefinement(parent, run) {
  const tried = run.results.refinement;
  if (tried.length === 0) return;
  const details = element(
    "section",
    { class: "figure" },
    element("h3", {}, "Alternatives that were measured"),
    element("p", { class: "note" }, "Changes of a mix, and other mixes within the same budget: the difference of the loss on search data, paired. What is measured to be better was taken."),
    element("details", {}, element("summary", {}, `${tried.length} alternatives, ${tried.filter((each) => ["better", "taken"].includes(each.verdict)).length} taken`),
      table([textColumn("alternative", (each) => each.change), numberColumn("by scores", (each) => numberText(each.predicted)), numberColumn("measured", (each) => intervalText({ value: each.measured, low: each.low, high: each.high })), textColumn("verdict", (each) => each.verdict)], tried)),
  );
  parent.append(details);
}
