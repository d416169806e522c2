// Session::compare.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/versions.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/evaluation/item_losses.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/best_row.h"
#include "posittune/records/entries.h"
#include "posittune/records/run_folder.h"
#include "posittune/session/cost_table.h"
#include "posittune/session/output_files.h"
#include "posittune/session/session_state.h"
#include "posittune/session/trials.h"

namespace posittune::session {

using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

struct CompareParts {
  std::vector<Trial> trials;
};

Result<CheckedCompare> check(const CompareOptions& options) {
  for (const Status& ok :
       {check_measuring(options.measuring, kCompareJob),
        check_some("formats", options.formats.empty() && options.recipes.empty()),
        check_some("what", options.what.empty()), check_some("scales", options.scales.empty())}) {
    if (!ok) return ok.error();
  }
  auto trials = make_trials(options);
  if (!trials) return trials.error();
  return CheckedCompare(options,
                        std::make_shared<const CompareParts>(CompareParts{std::move(*trials)}));
}

// What a comparison has open, for as long as its checked options are there; it runs what the
// journal does not have.
struct SessionState::CompareJob {
  SessionState& session;
  const CompareOptions& options;
  const std::vector<Trial>& trials;
  Ready ready;
  bool calibrates = false;  // a trial needs it; the split may be there without
  cost::Loads loads;
  std::optional<records::RunFolder> folder{};
  std::optional<evaluation::Evaluator> evaluator{};
  double fp32_seconds = 0;

  const data::Dataset& report() const { return *session.splits_.report; }
  Status open();
  Result<CompareResult> run();

 private:
  quant::Recipe recipe_of(const Trial& trial) const;
  std::string key_of(const Trial& trial, const quant::Recipe& recipe) const;
  records::ComparisonRow describe(const Trial& trial, const quant::Recipe& recipe) const;
  Result<std::optional<records::ComparisonRow>> look_up(const Trial& trial);
  Status prepare();
  Result<records::ComparisonRow> measure(const Trial& trial, std::size_t number);
  std::unique_ptr<OutputFiles> output_writer(const std::string& name) const;
  Status write_results(const records::Comparison& comparison) const;
  Status write_details(const records::Comparison& comparison);
};

// The first problem that can be found before anything is measured.
Result<SessionState::CompareJob> SessionState::compare_job(const CheckedCompare& checked) {
  const CompareOptions& options = checked.options();
  const std::vector<Trial>& trials = checked.parts().trials;
  for (const Trial& trial : trials) {
    const Status ok = check_made_for(trial.model_sha256, trial.file);
    if (!ok) return of_field(ok.error(), "recipes");
  }
  if (!splits_.report) {
    return data::missing_split("report", "no data to report on");
  }
  const bool calibrates = std::any_of(trials.begin(), trials.end(), needs_calibration);
  if (calibrates && !splits_.calibrate) {
    return data::missing_split(
        "calibrate",
        "static activation scales, `input_weighted`, `rounding=compensated` and `bias_correction` "
        "need calibration data",
        "or `what=w`, or `activation_scale=token`");
  }
  if (const Status some = check_chosen(); !some) return some.error();
  const bool compensated = std::any_of(trials.begin(), trials.end(), is_compensated);
  cost::Loads loads;
  auto ready = prepare(*splits_.report, options.scores, recipe_options(compensated),
                       [&](const model::Graph& graph) -> Status {
                         auto inputs = splits_.report->batch(0, 1);
                         if (!inputs) return inputs.error();
                         auto counted =
                             cost::count_loads(graph, model::run_shapes(graph, shapes_of(*inputs)));
                         if (!counted) return counted.error();
                         loads = std::move(*counted);
                         return success();
                       });
  if (!ready) return ready.error();
  return CompareJob{*this, options, trials, std::move(*ready), calibrates, std::move(loads)};
}

Status SessionState::CompareJob::open() {
  // What the rows depend on.
  std::string config =
      fmt::format("accumulate: {}\nseed: {}\nresamples: {}\n",
                  options.accumulate == quant::Accumulate::kQuire ? "quire" : "fp32",
                  options.measuring.seed, options.measuring.resamples);
  config += fmt::format("report_items: {}\n", report().items());
  if (session.splits_.calibrate)
    config += fmt::format("calibrate_items: {}\n", session.splits_.calibrate->items());
  auto opened = session.open_folder("compare", ready, config, options.measuring, "search");
  if (!opened) return opened.error();
  folder.emplace(std::move(*opened));
  return success();
}

quant::Recipe SessionState::CompareJob::recipe_of(const Trial& trial) const {
  if (trial.recipe) return *trial.recipe;
  quant::Recipe recipe = ready.engine.uniform(trial.weight, trial.activation);
  recipe.accumulate = options.accumulate;
  return recipe;
}

// All that a row's numbers depend on.
std::string SessionState::CompareJob::key_of(const Trial& trial,
                                             const quant::Recipe& recipe) const {
  const auto& calibrate = session.splits_.calibrate;
  std::map<std::string, std::string> parts = {
      {"model", session.identity_},
      {"report", report().identity()},
      {"items", std::to_string(report().items())},
      {"calibrate", needs_calibration(trial)
                        ? calibrate->identity() + "/" + std::to_string(calibrate->items())
                        : ""},
      {"recipe", quant::to_yaml(recipe)},
      {"task", metrics::identity(ready.scored.task, ready.scored.scorer)},
      {"bootstrap", fmt::format("{}/{}", options.measuring.resamples, options.measuring.seed)}};
  if (!ready.scored.scorer.custom.empty())
    parts["metrics"] = metrics::identity(ready.scored.scorer.custom);
  parts.merge(engine::versions());
  return records::trial_key(parts);
}

records::ComparisonRow SessionState::CompareJob::describe(const Trial& trial,
                                                          const quant::Recipe& recipe) const {
  records::ComparisonRow row;
  row.format = trial.format_name();
  row.what = trial.activations ? "wa" : "w";
  row.bits_per_weight = ready.engine.bits_per_weight(recipe);
  if (trial.recipe) {
    row.scale = row.granularity = "recipe";
    row.rounding = is_compensated(trial) ? "compensated" : "";
    return row;
  }
  row.scale = trial.weight ? std::string(quant::name(trial.rule)) : "none";
  row.granularity = trial.weight ? quant::granularity_text(*trial.weight) : "tensor";
  if (trial.weight) row.rounding = quant::rounding_text(*trial.weight);
  return row;
}

Result<CompareResult> SessionState::CompareJob::run() {
  CompareResult result;
  result.task = ready.scored.task;
  result.units = report().unit_count();
  result.run_folder = folder->path();
  records::Comparison& comparison = result.comparison;
  comparison.model = session.model_record();
  comparison.scored = evaluation::to_record(ready.scored);
  if (session.splits_.calibrate)
    comparison.data["calibrate"] = record_of(*session.splits_.calibrate);
  comparison.data["report"] = record_of(report());
  std::vector<std::optional<records::ComparisonRow>> known;
  for (const Trial& trial : trials) {
    auto row = look_up(trial);
    if (!row) return row.error();
    known.push_back(*row);
  }
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (!known[i]) {
      auto row = measure(trials[i], i);
      if (!row) return row.error();
      known[i] = *row;
    } else {
      ++result.reused;
    }
    comparison.rows.push_back(*known[i]);
  }
  // results.json last: where it is, the run is complete.
  if (const Status written = write_details(comparison); !written) return written.error();
  if (const Status written = write_results(comparison); !written) return written.error();
  return result;
}

Result<std::optional<records::ComparisonRow>> SessionState::CompareJob::look_up(
    const Trial& trial) {
  if (!options.save_outputs.empty()) return std::optional<records::ComparisonRow>{};
  const quant::Recipe recipe = recipe_of(trial);
  auto found = folder->journal().find(key_of(trial, recipe));
  if (!found) return found.error();
  if (!*found) return std::optional<records::ComparisonRow>{};
  auto measured = records::entry_from<records::ComparisonRow>(**found);
  if (!measured) return measured.error();
  // Trials of one recipe share an entry (FP32 as w and as wa): names are the trial's own.
  records::ComparisonRow row = describe(trial, recipe);
  row.metrics = std::move(measured->metrics);
  row.seconds = measured->seconds;
  row.nonfinite = measured->nonfinite;
  return std::optional(std::move(row));
}

// FP32 and calibration, once, when the first row is not known.
Status SessionState::CompareJob::prepare() {
  if (evaluator) return success();
  evaluation::Options with;
  with.task = ready.scored.task;
  with.scorer = ready.scored.scorer;
  with.bootstrap = {.resamples = options.measuring.resamples, .seed = options.measuring.seed};
  with.batch = options.measuring.batch;
  with.scratch_folder = folder->path();
  const auto start = Clock::now();
  auto watch = output_writer("fp32");
  {
    const Advance advance = session.observer_->step(
        "FP32", report().items(), report().unit_name() == "image" ? "images" : "items");
    auto made = evaluation::Evaluator::create(ready.engine, report(), with, advance,
                                              watch ? watch->watch() : evaluation::Watch{});
    if (!made) return made.error();
    evaluator.emplace(std::move(*made));
  }
  if (watch) {
    if (const Status done = watch->commit(); !done) return done.error();
  }
  fp32_seconds = seconds_since(start);
  if (!calibrates) return success();
  const data::Dataset& calibrate = *session.splits_.calibrate;
  const Advance advance = session.observer_->step("calibrate", calibrate.items(), "items");
  const Status seen = evaluation::calibrate(ready.engine, calibrate, evaluator->batch(),
                                            ready.scored.scorer.output, advance);
  if (seen && std::ranges::any_of(trials, takes_output_scales))
    session.note_undecided(ready.engine);
  return seen;
}

Result<records::ComparisonRow> SessionState::CompareJob::measure(const Trial& trial,
                                                                 std::size_t number) {
  if (const Status there = prepare(); !there) return there.error();
  const quant::Recipe recipe = recipe_of(trial);
  records::ComparisonRow row = describe(trial, recipe);
  const bool plain = recipe == quant::Recipe{};
  if (plain) {
    auto metrics = evaluator->compare(evaluator->fp32());
    if (!metrics) return metrics.error();
    row.metrics = *metrics;
    row.seconds = fp32_seconds;
  } else {
    const auto start = Clock::now();
    const Advance advance =
        session.observer_->step(fmt::format("[{}/{}] {}", number + 1, trials.size(), trial.name()),
                                report().items(), "items");
    auto watch = output_writer(trial.name());
    auto measured =
        evaluator->measure(recipe, advance, watch ? watch->watch() : evaluation::Watch{});
    if (!measured) return measured.error();
    if (watch) {
      if (const Status done = watch->commit(); !done) return done.error();
    }
    auto metrics = evaluator->compare(*measured);
    if (!metrics) return metrics.error();
    row.metrics = *metrics;
    row.nonfinite = evaluator->nonfinite();
    row.seconds = seconds_since(start);
    // Before the row, so that a row that is there has them.
    if (const Status kept = evaluation::put_items(folder->journal(), key_of(trial, recipe),
                                                  evaluator->item_losses());
        !kept)
      return kept.error();
  }
  const Status kept =
      folder->journal().put(key_of(trial, recipe), "compare", records::entry_text(row));
  if (!kept) return kept.error();
  return row;
}

std::unique_ptr<OutputFiles> SessionState::CompareJob::output_writer(
    const std::string& name) const {
  if (options.save_outputs.empty()) return nullptr;
  return std::make_unique<OutputFiles>(options.save_outputs, name, report().items());
}

Status SessionState::CompareJob::write_results(const records::Comparison& comparison) const {
  for (const Trial& trial : trials) {
    const std::string yaml =
        quant::recipe_file_to_yaml(quant::RecipeFile{recipe_of(trial), session.sha256_});
    if (const Status ok =
            write_file(folder->file("recipes/" + file_name(recipe_name(trial)) + ".yaml"), yaml);
        !ok)
      return ok.error();
  }
  if (const Status ok = write_file(folder->file("results.json"), records::json_text(comparison));
      !ok)
    return ok.error();
  return write_file(folder->file("results.csv"), records::csv_text(comparison));
}

Status SessionState::CompareJob::write_details(const records::Comparison& comparison) {
  std::vector<quant::Recipe> recipes;
  std::vector<records::ItemsEntry> items;
  for (const Trial& trial : trials) {
    recipes.push_back(recipe_of(trial));
    auto found = evaluation::find_items(folder->journal(), key_of(trial, recipes.back()));
    if (!found) return found.error();
    items.push_back(std::move(*found));
  }
  const TableChoice choice;
  auto table = open_table(choice);
  if (!table) return table.error();
  auto best = records::best_row(comparison, "w");
  if (!best) best = records::best_row(comparison, "wa");
  DetailSources from{.engine = ready.engine,
                     .loads = loads,
                     .table = *table,
                     .choice = choice,
                     .recipes = recipes,
                     .items = items,
                     .scores = {},
                     .closely = {},
                     .key = {}};
  if (best) {
    from.closely = {{*best, trials[*best].name()}};
    const std::string row = key_of(trials[*best], recipes[*best]);
    from.key = records::trial_key({{"kind", "closely"}, {"row", row}});
  }
  return session.write_details(from, *folder, records::json_text(comparison), [this] {
    return calibrates ? session.calibrate_once(ready.engine, ready.scored.scorer.output,
                                               options.measuring.batch)
                      : success();
  });
}

Result<CompareResult> SessionState::compare(const CheckedCompare& checked) {
  auto job = compare_job(checked);
  if (!job) return job.error();
  if (const Status opened = job->open(); !opened) return opened.error();
  auto result = job->run();
  if (!result) job->folder->forget_if_empty();
  return result;
}

Result<ComparePlan> SessionState::estimate(const CheckedCompare& checked) {
  auto job = compare_job(checked);
  if (!job) return job.error();
  const data::Dataset& report = job->report();
  auto one = time_item(job->ready.engine, report);
  if (!one) return one.error();
  ComparePlan plan{
      .model = source_.model,
      .task = std::string(metrics::name(job->ready.scored.task)),
      .unit = report.unit_name(),
      .weights = job->ready.engine.weight_count(),
      .layers = chosen_.size(),
      .quantized = static_cast<std::size_t>(std::count(chosen_.begin(), chosen_.end(), true)),
      .items = report.items(),
      .units = report.unit_count(),
      .trials = {},
      .seconds_per_item = *one,
      .seconds =
          *one * static_cast<double>(report.items()) * static_cast<double>(job->trials.size() + 1)};
  for (const Trial& trial : job->trials) plan.trials.push_back(trial.name());
  return plan;
}

}  // namespace posittune::session
