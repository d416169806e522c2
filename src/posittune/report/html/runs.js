// Several runs beside each other.

const runName = (run, i) => `${i + 1}: ${run.folder.split("/").filter(Boolean).at(-1) ?? run.folder}`;

function differences(runs) {
  const texts = [];
  const differ = (pick) => new Set(runs.map(pick)).size > 1;
  if (differ((run) => run.results.model.sha256)) texts.push("The runs are of different models: their numbers are not of one kind.");
  if (new Set(runs.map((run) => run.results.data.report?.sha256).filter(Boolean)).size > 1) texts.push("The runs have different report data: differences between them are not paired.");
  if (differ((run) => `${run.results.scored.task} ${run.results.scored.loss}`)) texts.push("The runs are scored in different ways.");
  if (differ((run) => run.sessions.at(-1)?.versions.sources ?? "")) texts.push("The runs were measured with different versions of the sources.");
  return texts;
}

// {run, name, bits, loss estimate} of each row that was measured on report data, else on search data.
function pointsOf(run, i) {
  const { scored, rows } = run.results;
  return rows.flatMap((row) => {
    const loss = row.metrics?.[scored.loss] ?? row.search_loss;
    return loss && finite(loss.value) && number(loss.value) > 0 ? [{ run: runName(run, i), name: rowNameOf(run, row), bits: number(row.bits_per_weight), loss, split: row.metrics?.[scored.loss] ? "report" : "search" }] : [];
  });
}

function runsPlot(points, title) {
  const data = [...new Set(points.map((point) => point.run))].map((name) => {
    const own = points.filter((point) => point.run === name);
    return {
      type: "scatter",
      mode: "markers",
      name: plain(name),
      x: own.map((point) => point.bits),
      y: own.map((point) => number(point.loss.value)),
      error_y: { ...errorBars(own.map((point) => point.loss)), color: colourOf(name, "runs") },
      marker: { color: colourOf(name, "runs"), symbol: symbolOf(name, "runs"), size: 9 },
      text: own.map((point) => `<b>${plain(point.name)}</b><br>${plain(name)}<br>${numberText(point.bits)} bits per weight<br>${intervalText(point.loss)} on ${point.split} data`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  return { data, layout: { height: 480, xaxis: { title: "bits per weight", type: "log", dtick: "D1" }, yaxis: logAxis(title) } };
}

function addRuns(parent, runs) {
  const section = element("section", { id: "runs" }, element("h2", {}, `${runs.length} runs compared`));
  parent.append(section);
  const different = differences(runs);
  if (different.length > 0) section.append(element("div", { class: "warning", role: "note" }, element("ul", {}, different.map((text) => element("li", {}, text)))));
  const measured = runs.flatMap((run, i) => (run.command === "sensitivity" ? [] : pointsOf(run, i)));
  section.append(
    element(
      "section",
      { class: "figure" },
      element("h3", {}, "The runs"),
      table(
        [textColumn("run", (each) => runName(each.run, each.i)), textColumn("command", (each) => each.run.command), textColumn("best", (each) => each.run.summary.points.find((point) => point.label === "Best mix" || point.label === "Weights alone")?.text ?? "\u2013"), textColumn("loses", (each) => each.run.summary.points.find((point) => point.label === "Loses")?.text ?? "\u2013"), textColumn("model", (each) => each.run.results.model.path), textColumn("folder", (each) => each.run.folder)],
        runs.map((run, i) => ({ run, i })),
      ),
    ),
  );
  if (measured.length === 0) return;
  const { scored } = runs.find((run) => run.command !== "sensitivity").results;
  const title = plain(withUnit(lossTitle(scored), scored.unit));
  addFigure(section, {
    title: "All rows of all runs",
    note: "Loss on report data (on search data where these were not read) against bits per weight, with 95 % intervals.",
    make: () => runsPlot(measured, title),
    rows: () => table([textColumn("run", (point) => point.run), textColumn("row", (point) => point.name), numberColumn("bits/weight", (point) => numberText(point.bits)), numberColumn("loss", (point) => intervalText(point.loss)), textColumn("data", (point) => point.split)], measured),
  });
}
