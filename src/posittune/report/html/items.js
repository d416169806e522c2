// The loss of each item of the report split.

function lossesOf(run, i) {
  return (run.details?.rows[i]?.item_losses ?? []).map(number).filter(Number.isFinite);
}

function itemFacts(run, i) {
  const losses = lossesOf(run, i);
  const sorted = [...losses].sort((a, b) => a - b);
  return {
    i,
    name: rowNameOf(run, run.results.rows[i]),
    items: sorted.length,
    mean: losses.reduce((sum, each) => sum + each, 0) / losses.length,
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    worst: sorted.at(-1),
    worstItem: run.details.rows[i].item_losses.map(number).indexOf(sorted.at(-1)),
    agreement: run.results.rows[i].metrics.top1_agreement?.value,
  };
}

// The chosen row, the best one, and the uniform format of a search whose bits are nearest.
function shownItems(run, view) {
  const rows = run.results.rows;
  const best = run.summary.best[0];
  const shown = [view.row.value, best];
  if (run.command === "search" && rows[best]) {
    const bits = number(rows[view.row.value].bits_per_weight);
    const uniform = rows.map((_, i) => i).filter((i) => rows[i].method.startsWith("uniform ") && lossesOf(run, i).length > 0);
    uniform.sort((a, b) => Math.abs(number(rows[a].bits_per_weight) - bits) - Math.abs(number(rows[b].bits_per_weight) - bits));
    shown.push(uniform[0]);
  }
  return [...new Set(shown)].filter((i) => i !== undefined && lossesOf(run, i).length > 0);
}

function itemsPlot(run, view) {
  const shown = shownItems(run, view);
  if (shown.length === 0) return { empty: "The losses of items were not kept for this row." };
  const data = shown.map((i) => {
    const name = rowNameOf(run, run.results.rows[i]);
    const all = run.details.rows[i].item_losses.map((loss, item) => [number(loss), item]).filter(([loss]) => Number.isFinite(loss));
    all.sort((a, b) => a[0] - b[0]);
    // A loss of 0 counts, though a logarithmic axis has no place for it.
    const ranked = all.map(([loss, item], at) => [loss, item, (100 * (at + 1)) / all.length]).filter(([loss]) => loss > 0);
    return {
      type: "scatter",
      mode: ranked.length > 200 ? "lines" : "lines+markers",
      name: plain(name),
      x: ranked.map(([loss]) => loss),
      y: ranked.map(([, , part]) => part),
      line: { color: colourOf(name, "rows"), shape: "hv", width: 2 },
      marker: { color: colourOf(name, "rows"), symbol: symbolOf(name, "rows"), size: 6 },
      text: ranked.map(([loss, item]) => `${plain(name)}<br>item ${item}: ${numberText(loss)}`),
      hovertemplate: "%{text}<br>%{y:.1f} % of items lose no more<extra></extra>",
    };
  });
  const title = withUnit(lossTitle(run.results.scored), run.results.scored.unit);
  return { data, layout: { height: 400, xaxis: logAxis(plain(`${title} of an item`)), yaxis: { title: "items that lose no more (%)", range: [0, 102] } } };
}

function addItems(parent, run, view) {
  const measured = (run.results.rows ?? []).map((_, i) => i).filter((i) => lossesOf(run, i).length > 0);
  if (measured.length === 0) return;
  addFigure(parent, {
    title: `${lossTitle(run.results.scored)} by item`,
    note: "How the loss is spread over the items of the report data: a mean may hide a few items that are lost. The table has mean over items, median, 99th percentile, worst item and top-1 agreement of every row.",
    controls: [rowSelectOf(run, view)],
    choices: [view.row],
    make: () => itemsPlot(run, view),
    rows: () =>
      table(
        [textColumn("row", (each) => each.name), numberColumn("items", (each) => String(each.items)), numberColumn("mean", (each) => numberText(each.mean)), numberColumn("median", (each) => numberText(each.median)), numberColumn("p99", (each) => numberText(each.p99)), numberColumn("worst", (each) => numberText(each.worst)), numberColumn("worst item", (each) => String(each.worstItem)), numberColumn("top-1 agreement", (each) => (finite(each.agreement) && each.agreement !== undefined ? `${numberText(100 * each.agreement)} %` : "\u2013"))],
        measured.map((i) => itemFacts(run, i)),
        { chosen: (each) => each.i === view.row.value, onChoose: (each) => view.row.set(each.i) },
      ),
  });
}
