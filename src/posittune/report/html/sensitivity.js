// What each format costs in each layer: bars, a heat map, strips of channels, and how far the scores can be trusted.

const tierRank = { proxy: 0, gain: 1, exact: 2 };

// The rows of one tier and operand, by layer and format.
class Scores {
  constructor(rows, tier, what) {
    this.rows = rows.filter((row) => row.tier === tier && row.what === what);
    this.layers = [...new Set(this.rows.map((row) => row.layer))];
    this.formats = [...new Set(this.rows.map((row) => row.format))];
    this.cells = new Map(this.rows.map((row) => [`${row.layer}\n${row.format}`, row]));
  }
  at(layer, format) {
    return this.cells.get(`${layer}\n${format}`);
  }
}

const combinationsOf = (rows) => {
  const seen = new Map();
  for (const row of rows) seen.set(`${row.tier}, ${row.what}`, (seen.get(`${row.tier}, ${row.what}`) ?? 0) + 1);
  return [...seen.entries()].sort((a, b) => b[1] - a[1] || tierRank[b[0].split(",")[0]] - tierRank[a[0].split(",")[0]]).map(([name]) => name);
};

const scoreTitle = (run, tier) => (tier === "proxy" ? "error / signal at the layer's output" : withUnit(lossTitle(run.results.scored), run.results.scored.unit));

function barsPlot(run, scores, tier, format) {
  const rows = scores.layers.map((layer) => scores.at(layer, format)).filter((row) => row && finite(row.score));
  const top = [...rows].sort((a, b) => number(b.score) - number(a.score)).slice(0, 30).reverse();
  if (top.length === 0) return { empty: "This format has no scores." };
  return {
    data: [
      {
        type: "bar",
        orientation: "h",
        x: top.map((row) => number(row.score)),
        y: top.map((_, i) => i),
        error_x: { ...errorBars(top.map((row) => ({ value: row.score, low: row.low, high: row.high }))), color: variable("--ink") },
        marker: { color: palette()[0] },
        text: top.map((row) => `${plain(row.layer)}<br>${plain(format)}: ${numberText(row.score)}${finite(row.low) ? ` [${numberText(row.low)}, ${numberText(row.high)}]` : ""}`),
        textposition: "none",
        hovertemplate: "%{text}<extra></extra>",
      },
    ],
    layout: { height: 90 + top.length * 20, xaxis: { title: plain(scoreTitle(run, tier)) }, yaxis: namedAxis(top.map((row) => row.layer), labelWidth()), bargap: 0.25 },
  };
}

// Colours of a heat map of numbers that span decades. On a narrow page the bar of colours is above it, or below.
function heatTrace(values, scoreName, above, extra) {
  const logs = values.flat().filter((v) => v !== null);
  const low = Math.min(...logs);
  const high = Math.max(...logs);
  const ticks = [];
  for (let power = Math.ceil(low); power <= high; power += Math.max(1, Math.round((high - low) / 5))) ticks.push(power);
  return {
    type: "heatmap",
    z: values,
    colorscale: heatColours,
    xgap: 1,
    ygap: values.length > 60 ? 0 : 1,
    hoverongaps: false,
    hovertemplate: "%{text}<extra></extra>",
    colorbar: {
      title: { text: plain(scoreName), side: narrow() ? "top" : "right" },
      tickvals: ticks,
      ticktext: ticks.map((power) => `10<sup>${power}</sup>`),
      ...(narrow() ? { orientation: "h", thickness: 12, ...(above ? { y: 1.01, yanchor: "bottom" } : { y: -0.02, yanchor: "top" }) } : { thickness: 14, lenmode: "pixels", len: 240, y: 1, yanchor: "top" }),
    },
    ...extra,
  };
}

const logOrNull = (value) => (finite(value) && number(value) > 0 ? Math.log10(number(value)) : null);

function heatPlot(run, scores, tier) {
  const layers = [...scores.layers].reverse();
  const cells = layers.map((layer) => scores.formats.map((format) => scores.at(layer, format)));
  const values = cells.map((row) => row.map((cell) => logOrNull(cell?.score)));
  if (!values.flat().some((v) => v !== null)) return { empty: "No score is above 0." };
  const text = cells.map((row, l) => row.map((cell, f) => `${plain(layers[l])}<br>${plain(scores.formats[f])}: ${cell ? numberText(cell.score) : "not measured"}`));
  return {
    data: [heatTrace(values, scoreTitle(run, tier), false, { text })],
    layout: {
      height: 170 + layers.length * (layers.length > 60 ? 8 : 18),
      xaxis: { ...namedAxis(scores.formats, 18), side: "top", showgrid: false, tickangle: narrow() ? -90 : -45 },
      yaxis: { ...namedAxis(layers, labelWidth()), ...(layers.length > 60 ? sparse(layers) : {}), showgrid: false },
    },
  };
}

// Every few names, where all of them would overlap.
function sparse(names) {
  const step = Math.ceil(names.length / 40);
  const kept = names.map((_, i) => i).filter((i) => i % step === 0);
  return { tickvals: kept, ticktext: kept.map((i) => plain(shortened(names[i], labelWidth()))) };
}

function scoreRows(scores) {
  return table(
    [textColumn("layer", (layer) => layer), ...scores.formats.map((format) => numberColumn(format, (layer) => numberText(scores.at(layer, format)?.score ?? NaN)))],
    scores.layers,
  );
}

function addScores(parent, run) {
  const rows = run.results.rows;
  const combinations = combinationsOf(rows);
  if (combinations.length === 0) return;
  const combination = new Choice(combinations[0]);
  const parts = () => {
    const [tier, what] = combination.value.split(", ");
    return { tier, scores: new Scores(rows, tier, what) };
  };
  const allFormats = [...new Set(rows.map((row) => row.format))];
  const format = new Choice(allFormats[0]);
  const what = { w: "weights", a: "inputs", wa: "weights and inputs" };
  const named = combinations.map((each) => [each, `${each.split(", ")[0]}, ${what[each.split(", ")[1]]}`]);
  addFigure(parent, {
    title: "The most sensitive layers",
    note: "Scores of one format in one layer at a time, the highest 30. proxy: error at the layer's output; gain: the loss that this predicts; exact: the loss itself, with its 95 % interval.",
    controls: [selectFor(format, "Format", allFormats.map((name) => [name, name])), selectFor(combination, "Scores", named)],
    choices: [format, combination],
    make: () => barsPlot(run, parts().scores, parts().tier, format.value),
    rows: () => scoreRows(parts().scores),
  });
  addFigure(parent, {
    title: "Layers and formats",
    note: "Each score by layer, in order of execution from the top, and format. The scale is logarithmic; lighter is more sensitive; a gap was not measured, or is 0.",
    controls: [selectFor(combination, "Scores", named)],
    choices: [combination],
    make: () => heatPlot(run, parts().scores, parts().tier),
    rows: () => scoreRows(parts().scores),
  });
}

function channelsPlot(rows, format) {
  const own = rows.filter((row) => row.format === format);
  const layers = [...new Set(own.map((row) => row.layer))].reverse();
  const strips = layers.map((layer) => own.filter((row) => row.layer === layer).sort((a, b) => a.first - b.first));
  const widest = Math.max(...strips.map((strip) => strip.length));
  const values = strips.map((strip) => Array.from({ length: widest }, (_, i) => logOrNull(strip[i]?.score)));
  if (!values.flat().some((v) => v !== null)) return { empty: "No window has a score above 0." };
  const text = strips.map((strip, l) => Array.from({ length: widest }, (_, i) => (strip[i] ? `${plain(layers[l])}<br>channels ${strip[i].first} to ${strip[i].first + strip[i].count - 1}<br>${plain(format)}: ${numberText(strip[i].score)}` : "")));
  return {
    data: [heatTrace(values, "score", true, { text, xgap: widest > 60 ? 0 : 1 })],
    layout: {
      height: 150 + layers.length * (layers.length > 60 ? 8 : 16),
      xaxis: { title: "window of output channels", showgrid: false, zeroline: false },
      yaxis: { ...namedAxis(layers, labelWidth()), ...(layers.length > 60 ? sparse(layers) : {}), showgrid: false },
    },
  };
}

function addChannels(parent, run) {
  const rows = run.results.channels ?? [];
  if (rows.length === 0) return;
  const formats = [...new Set(rows.map((row) => row.format))];
  const format = new Choice(formats[0]);
  addFigure(parent, {
    title: "Channels",
    note: "A strip for each weight, its windows of output channels from left to right: what the format costs in each window alone. The scale is logarithmic; lighter is more sensitive.",
    controls: [selectFor(format, "Format", formats.map((name) => [name, name]))],
    choices: [format],
    make: () => channelsPlot(rows, format.value),
    rows: () =>
      table(
        [textColumn("layer", (row) => row.layer), numberColumn("first", (row) => String(row.first)), numberColumn("channels", (row) => String(row.count)), numberColumn("score", (row) => numberText(row.score))],
        rows.filter((row) => row.format === format.value),
      ),
  });
}

// Points {x, y, low, high, name, group} around the line where both are equal.
function agreementPlot(points, xTitle, yTitle) {
  const shown = points.filter((point) => finite(point.x) && finite(point.y) && number(point.x) > 0 && number(point.y) > 0);
  if (shown.length === 0) return { empty: "No pair of numbers above 0." };
  const all = shown.flatMap((point) => [number(point.x), number(point.y)]);
  const ends = [Math.min(...all), Math.max(...all)];
  const groups = [...new Set(shown.map((point) => point.group))];
  const data = groups.map((group, at) => {
    const own = shown.filter((point) => point.group === group);
    return {
      type: "scatter",
      mode: "markers",
      name: plain(group),
      x: own.map((point) => number(point.x)),
      y: own.map((point) => number(point.y)),
      error_y: { ...errorBars(own.map((point) => ({ value: point.y, low: point.low, high: point.high }))), color: colourOf(group, "kinds") },
      marker: { color: colourOf(group, "kinds"), symbol: symbolOf(group, "kinds"), size: at === 0 && groups.length > 1 ? 12 : 7 }, // seen behind others in the same place
      text: own.map((point) => `${plain(point.name)}<br>predicted ${numberText(point.x)}<br>measured ${intervalText({ value: point.y, low: point.low, high: point.high })}`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });
  data.push({ type: "scatter", mode: "lines", name: "equal", x: ends, y: ends, line: { color: variable("--soft"), dash: "dash", width: 1.5 }, hoverinfo: "skip" });
  return { data, layout: { height: narrow() ? 380 : 460, xaxis: logAxis(plain(xTitle)), yaxis: logAxis(plain(yTitle)) } };
}

function addAgreementFigure(parent, run, title, note, points) {
  if (points.length === 0) return;
  const loss = withUnit(lossTitle(run.results.scored), run.results.scored.unit);
  addFigure(parent, {
    title,
    note,
    make: () => agreementPlot(points, `predicted ${loss}`, `measured ${loss}`),
    rows: () =>
      table(
        [textColumn("what", (point) => point.name), textColumn("kind", (point) => point.group), numberColumn("predicted", (point) => numberText(point.x)), numberColumn("measured", (point) => intervalText({ value: point.y, low: point.low, high: point.high })), numberColumn("measured / predicted", (point) => numberText(number(point.y) / number(point.x), 3))],
        points,
      ),
  });
}

function addTrust(parent, run) {
  const { rows, mixes = [] } = run.results;
  const gains = new Map(rows.filter((row) => row.tier === "gain").map((row) => [`${row.layer}\n${row.format}\n${row.what}`, row]));
  const pairs = rows
    .filter((row) => row.tier === "exact" && gains.has(`${row.layer}\n${row.format}\n${row.what}`))
    .map((row) => ({ x: gains.get(`${row.layer}\n${row.format}\n${row.what}`).score, y: row.score, low: row.low, high: row.high, name: `${row.layer}, ${row.format}`, group: `one layer, ${row.what}` }));
  const sums = mixes.map((mix) => ({ x: mix.predicted, y: mix.measured, low: mix.low, high: mix.high, name: `random mix, ${numberText(mix.bits_per_weight)} bits per weight`, group: "random mixes" }));
  addAgreementFigure(parent, run, "Predicted against measured loss", "Single layers: the score of the gain tier against the loss that was measured. Mixes: the sum of the scores of their layers against theirs. On the dashed line both are equal.", [...pairs, ...sums]);
}

// A search has the scores that it chose by: of each choice for each weight, named by its first layer.
function addExpected(parent, run) {
  const scores = run.details?.scores ?? [];
  if (scores.length === 0) return;
  const rows = scores.map((each) => ({ layer: run.details.layers[each.layer].layer, format: each.format, score: each.loss, tier: "gain", what: "w" }));
  const inOrder = new Scores(rows, "gain", "w");
  addFigure(parent, {
    title: "Layers and formats: what the search expected",
    note: "The loss that each choice was expected to add, by weight (named by its first layer) and format (a pair: of weight and input). The scale is logarithmic; lighter is more sensitive.",
    make: () => heatPlot(run, inOrder, "gain"),
    rows: () => scoreRows(inOrder),
  });
}

function addSensitivity(parent, run) {
  addScores(parent, run);
  addChannels(parent, run);
  addTrust(parent, run);
}
