// Uniform formats with their intervals: rows of a comparison, or those of a search beside its best mix.

function comparedRows(run) {
  if (run.command === "compare") {
    return run.results.rows.map((row) => ({
      name: row.format,
      group: `${row.what === "wa" ? "weights and inputs" : "weights"}, ${row.scale}${row.rounding ? `, ${row.rounding}` : ""}`,
      ...row,
    }));
  }
  const rows = run.results.rows;
  const uniform = rows.filter((row) => row.method.startsWith("uniform "));
  if (uniform.length === 0) return [];
  const best = rows[run.summary.best[0]];
  return [...(best ? [{ name: `${best.method}, ${best.budget}`, group: "best mix", ...best }] : []), ...uniform.map((row) => ({ name: row.method.slice("uniform ".length), group: "uniform", ...row }))];
}

// The value of a row for "search loss" or a metric of the report split.
const searchLoss = "loss on search data";
const valueOf = (row, measure) => (measure === searchLoss ? row.search_loss : row.metrics[measure]);

function measuresOf(rows) {
  const names = metricNames(rows).filter((name) => rows.some((row) => finite(row.metrics[name]?.value)));
  return rows.some((row) => row.search_loss) ? [...names, searchLoss] : names;
}

// Losses span decades; other metrics do not.
function isLoss(rows, measure) {
  return measure === searchLoss || rows.some((row) => row.metrics?.[measure]?.rank === 0);
}

function measureTitle(run, rows, measure) {
  const { scored } = run.results;
  if (measure === searchLoss) return withUnit(`${lossTitle(scored)} on search data`, scored.unit);
  const metric = rows.map((row) => row.metrics[measure]).find(Boolean);
  return withUnit(isLoss(rows, measure) ? `${lossTitle(scored)} on report data` : measure, metric?.unit);
}

function fp32Line(rows, measure) {
  const metric = rows.map((row) => row.metrics[measure]).find((each) => each?.delta && finite(each.delta.value));
  return metric ? number(metric.value) - number(metric.delta.value) : NaN;
}

function comparisonPlot(run, rows, measure) {
  const log = isLoss(rows, measure);
  const shown = rows.filter((row) => finite(valueOf(row, measure)?.value) && (!log || valueOf(row, measure).value > 0));
  if (shown.length === 0) return { empty: "No row has a value of this measure." };
  const names = [...new Set(shown.map((row) => row.name))].reverse();
  const groups = [...new Set(shown.map((row) => row.group))];
  const data = groups.map((group, g) => {
    const own = shown.filter((row) => row.group === group);
    const estimates = own.map((row) => valueOf(row, measure));
    const offset = run.command === "compare" && groups.length > 1 ? 0.5 * (0.5 - (g + 0.5) / groups.length) : 0;
    return {
      type: "scatter",
      mode: "markers",
      name: plain(group),
      x: estimates.map((each) => number(each.value)),
      y: own.map((row) => names.indexOf(row.name) + offset),
      error_x: { ...errorBars(estimates), color: colourOf(group, "groups") },
      marker: { color: colourOf(group, "groups"), symbol: symbolOf(group, "groups"), size: 8 },
      text: own.map((row) => `${plain(row.name)}<br>${plain(group)}<br>${plain(measure)} ${intervalText(valueOf(row, measure))}<br>${numberText(row.bits_per_weight, 4)} bits per weight`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  const fp32 = log ? NaN : fp32Line(rows, measure);
  const shapes = finite(fp32) ? [{ type: "line", xref: "x", yref: "paper", x0: fp32, x1: fp32, y0: 0, y1: 1, line: { color: variable("--soft"), dash: "dash", width: 1.5 } }] : [];
  const annotations = finite(fp32) ? [{ x: fp32, y: 0, xref: "x", yref: "paper", yanchor: "bottom", xanchor: "left", text: "FP32", showarrow: false, font: { color: variable("--soft") } }] : [];
  const title = plain(measureTitle(run, rows, measure));
  return {
    data,
    layout: {
      height: 110 + Math.max(4, names.length) * 26 + 22 * (narrow() ? groups.length : Math.ceil(groups.length / 3)),
      xaxis: log ? logAxis(title) : { title },
      yaxis: { ...namedAxis(names, labelWidth()), range: [-0.6, names.length - 0.4] },
      shapes,
      annotations,
    },
  };
}

function addComparison(parent, run) {
  const rows = comparedRows(run);
  if (rows.length === 0) return;
  const measures = measuresOf(rows);
  if (measures.length === 0) return;
  const measure = new Choice(measures[0]);
  addFigure(parent, {
    title: run.command === "compare" ? "Formats compared" : "The best mix beside uniform formats",
    note: "One format for all layers. Bars are 95 % intervals; where there is none, the measure has no interval or it is smaller than the mark. The dashed line is FP32.",
    controls: [selectFor(measure, "Measure", measures.map((name) => [name, name]))],
    choices: [measure],
    make: () => comparisonPlot(run, rows, measure.value),
    rows: () =>
      table(
        [textColumn("format", (row) => row.name), textColumn("applied to", (row) => row.group), numberColumn("bits/weight", (row) => numberText(row.bits_per_weight)),
          ...measures.map((name) => numberColumn(name, (row) => (valueOf(row, name) ? intervalText(valueOf(row, name)) + (valueOf(row, name).noise ? " noise" : "") : "\u2013")))],
        rows,
      ),
  });
}
