// The card in plain words, and how to make the run again.

// Text in which `commands` stand between backticks.
const withCode = (text) => text.split("`").map((part, i) => (i % 2 === 1 ? element("code", {}, part) : part));

function keyNumbers(run) {
  const row = run.results.rows[run.summary.best[0]];
  if (!row || run.command === "sensitivity") return null;
  const facts = [[numberText(row.bits_per_weight, 3), "bits per weight"], [`${numberText(32 / number(row.bits_per_weight), 3)}\u00d7`, "smaller than FP32"]];
  const primary = primaryMetric([row]);
  const metric = row.metrics[primary];
  if (metric?.delta) {
    const fp32 = number(metric.value) - number(metric.delta.value);
    facts.push([numberText(metric.value), `${primary}, FP32 ${numberText(fp32)}`]);
    if (fp32 !== 0) facts.push([percentText(number(metric.delta.value) / Math.abs(fp32)), `change of ${primary}`]);
  }
  const loss = row.metrics[run.results.scored.loss] ?? row.search_loss;
  if (loss) facts.push([numberText(loss.value, 3), withUnit(lossTitle(run.results.scored), run.results.scored.unit)]);
  return element("ul", { class: "numbers" }, facts.map(([value, name]) => element("li", {}, element("b", {}, value), element("span", {}, name))));
}

function addCard(parent, run) {
  const points = run.summary.points.map(({ label, text }) => [element("dt", {}, label), element("dd", {}, withCode(text))]);
  parent.append(element("section", { class: "card", "aria-label": "Summary" }, keyNumbers(run), element("dl", {}, points)));
  if (run.summary.missing.length === 0) return;
  parent.append(
    element("div", { class: "warning", role: "note" }, element("b", {}, "What this report cannot show"), element("ul", {}, run.summary.missing.map((text) => element("li", {}, text)))),
  );
}

// A word as a shell takes it.
const shellWord = (word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function addReproduce(parent, run) {
  const session = run.sessions.at(-1);
  const section = element("section", { class: "figure" });
  if (session) {
    section.append(element("p", { class: "note" }, "The command of the last session of this run, on this machine with these versions. Sources: a hash of the sources that decide results."));
    section.append(element("pre", {}, element("code", {}, session.command_line.map(shellWord).join(" "))));
  }
  const facts = [];
  if (session) {
    facts.push(["machine", `${session.cpu}, ${session.threads} threads`], ["started", session.started]);
    for (const [name, version] of Object.entries(session.versions)) facts.push([`version of ${name}`, version]);
  }
  facts.push(["seed", String(run.seed)], ["run folder", run.folder], ["model", run.results.model.path]);
  for (const [name, hash] of Object.entries(run.hashes)) facts.push([`SHA-256, ${name}`, hash]);
  const list = table([textColumn("what", (fact) => fact[0]), textColumn("value", (fact) => fact[1])], facts);
  list.classList.add("facts");
  section.append(list);
  section.append(element("details", {}, element("summary", {}, "Configuration"), element("pre", {}, run.config)));
  parent.append(section);
}
