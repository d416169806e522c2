#include "posittune/cli/compare_job.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <ostream>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "posittune/cli/job.h"
#include "posittune/cli/output_files.h"
#include "posittune/cli/progress.h"
#include "posittune/engine/path_speed.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/result_version.h"

namespace posittune::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCovarianceBytes = 1UL << 30;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Everything a run has open.
struct Session {
  const CompareOptions& options;
  Streams streams;
  ModelData model_data;
  engine::Engine engine;
  std::vector<Trial> trials;
  evaluation::ScoredOutput scored;
  bool calibrates = false;  // a trial needs it; the split may be there without

  const data::Dataset& report() const { return *model_data.splits.report; }
};

// The first problem of options that can be found before anything is read.
Result<Session> open_session(const CompareOptions& options, Streams streams) {
  auto trials = make_trials(options);
  if (!trials) return trials.error();
  auto model_data = open_model_data(options.model_data);
  if (!model_data) return model_data.error();
  if (!model_data->splits.report) {
    return Error{.kind = ErrorKind::kUsage, .what = "no data to report on", .expected = "--report PATH, or `report` in --data"};
  }
  const bool calibrates = std::any_of(trials->begin(), trials->end(), needs_calibration);
  if (calibrates && !model_data->splits.calibrate) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "static activation scales, --input-weighted, --rounding compensated and --bias-correction need calibration data",
                 .expected = "--calibrate PATH, or `calibrate` in --data",
                 .hint = "or --what w, or --activation-scale token"};
  }
  if (const Status some = check_chosen(*model_data); !some) return some.error();
  say_what_stays(*model_data, options.model_data, *model_data->splits.report, streams);
  auto scored = resolve_scored(*model_data, *model_data->splits.report, options.scores, streams);
  if (!scored) return scored.error();
  const bool covariances = std::any_of(trials->begin(), trials->end(), is_compensated);
  auto engine = engine::Engine::create(std::move(model_data->graph), {.chosen = model_data->chosen,
                                                                      .threads = options.model_data.threads,
                                                                      .covariance_bytes = covariances ? kCovarianceBytes : 0,
                                                                      .held_out = covariances,
                                                                      .embedding_columns = covariances ? kEmbeddingColumns : 0});
  if (!engine) return engine.error();
  if (const Status settled = evaluation::settle(*scored, *engine, *model_data->splits.report); !settled) return settled.error();
  return Session{options, streams, std::move(*model_data), std::move(*engine), std::move(*trials), std::move(*scored), calibrates};
}

// The resolved configuration: what the rows depend on.
std::string config_text(const Session& session) {
  const CompareOptions& options = session.options;
  std::string text = fmt::format("command: compare\n{}accumulate: {}\nseed: {}\nresamples: {}\n", scored_config(session.scored),
                                 options.accumulate, options.seed, options.resamples);
  text += fmt::format("report_items: {}\n", session.report().items());
  if (session.model_data.splits.calibrate) text += fmt::format("calibrate_items: {}\n", session.model_data.splits.calibrate->items());
  return text + session.model_data.inputs_config + quantized_text(session.engine);
}

Result<records::RunFolder> open_folder(const Session& session) {
  records::RunInfo info = run_info(session.model_data, session.options.model_data, session.streams);
  info.hashes.erase("search");  // plays no part
  info.seed = session.options.seed;
  info.config = config_text(session);
  const std::string& given = session.options.run_folder;
  return open_run(given.empty() ? default_run_folder("compare", session.model_data, info) : given, info,
                  session.streams);
}

quant::Recipe recipe_of(const Session& session, const Trial& trial) {
  if (trial.recipe) return *trial.recipe;
  quant::Recipe recipe = session.engine.uniform(trial.weight, trial.activation);
  if (session.options.accumulate == "quire") recipe.accumulate = quant::Accumulate::kQuire;
  return recipe;
}

// All that a row's numbers depend on.
std::string key_of(const Session& session, const Trial& trial, const quant::Recipe& recipe) {
  const auto& calibrate = session.model_data.splits.calibrate;
  return records::trial_key({{"model", session.model_data.model_identity},
                             {"report", session.report().identity()},
                             {"items", std::to_string(session.report().items())},
                             {"calibrate", needs_calibration(trial) ? calibrate->identity() + "/" + std::to_string(calibrate->items()) : ""},
                             {"recipe", quant::to_yaml(recipe)},
                             {"task", metrics::identity(session.scored.task, session.scored.scorer)},
                             {"bootstrap", fmt::format("{}/{}", session.options.resamples, session.options.seed)},
                             {"products", engine::product_paths()},
                             {"engine", records::result_version()}});
}

records::ComparisonRow describe(const Session& session, const Trial& trial, const quant::Recipe& recipe) {
  records::ComparisonRow row;
  row.format = trial.format_name();
  row.what = trial.activations ? "wa" : "w";
  row.bits_per_weight = session.engine.bits_per_weight(recipe);
  if (trial.recipe) {
    row.scale = row.granularity = "recipe";
    row.rounding = is_compensated(trial) ? "compensated" : "";
    return row;
  }
  row.scale = trial.weight ? std::string(quant::name(trial.rule)) : "none";
  row.granularity = trial.weight ? session.options.granularity : "tensor";
  if (trial.weight) row.rounding = quant::rounding_text(*trial.weight);
  return row;
}

// Runs what the journal does not have.
class Runner {
 public:
  Runner(Session& session, records::RunFolder& folder) : session_(session), folder_(folder) {}

  Result<CompareResult> run() {
    CompareResult result;
    result.task = session_.scored.task;
    result.units = session_.report().unit_count();
    result.run_folder = folder_.path();
    records::Comparison& comparison = result.comparison;
    comparison.model = {session_.model_data.model_path, session_.model_data.model_sha256};
    comparison.scored = evaluation::to_record(session_.scored);
    if (session_.model_data.splits.calibrate) comparison.data["calibrate"] = split_record(*session_.model_data.splits.calibrate);
    comparison.data["report"] = split_record(session_.report());
    std::vector<std::optional<records::ComparisonRow>> known;
    for (const Trial& trial : session_.trials) {
      auto row = look_up(trial);
      if (!row) return row.error();
      known.push_back(*row);
    }
    for (std::size_t i = 0; i < session_.trials.size(); ++i) {
      if (!known[i]) {
        auto row = measure(session_.trials[i], i);
        if (!row) return row.error();
        known[i] = *row;
      } else {
        ++result.reused;
      }
      comparison.rows.push_back(*known[i]);
    }
    if (const Status written = write_results(comparison); !written) return written.error();
    return result;
  }

 private:
  Result<std::optional<records::ComparisonRow>> look_up(const Trial& trial) {
    if (!session_.options.save_outputs.empty()) return std::optional<records::ComparisonRow>{};
    const quant::Recipe recipe = recipe_of(session_, trial);
    auto found = folder_.journal().find(key_of(session_, trial, recipe));
    if (!found) return found.error();
    if (!*found) return std::optional<records::ComparisonRow>{};
    auto measured = records::row_from_json(**found);
    if (!measured) return measured.error();
    // Trials of one recipe share an entry (FP32 as w and as wa): names are the trial's own.
    records::ComparisonRow row = describe(session_, trial, recipe);
    row.metrics = std::move(measured->metrics);
    row.seconds = measured->seconds;
    row.nonfinite = measured->nonfinite;
    return std::optional(std::move(row));
  }

  // FP32 and calibration, once, when the first row is not known.
  Status prepare() {
    if (evaluator_) return success();
    const data::Dataset& report = session_.report();
    evaluation::Options options;
    options.task = session_.scored.task;
    options.scorer = session_.scored.scorer;
    options.scorer.threads = session_.options.model_data.threads;
    options.bootstrap = {.resamples = session_.options.resamples, .seed = session_.options.seed};
    options.batch = session_.options.batch;
    options.scratch_folder = folder_.path();
    const auto start = Clock::now();
    Progress progress(session_.streams, "FP32", report.items(), report.unit_name() == "image" ? "images" : "items");
    auto watch = output_writer("fp32");
    auto made = evaluation::Evaluator::create(session_.engine, report, options, advance_on(progress), watch ? watch->watch() : evaluation::Watch{});
    if (!made) return made.error();
    if (watch) {
      if (const Status done = watch->commit(); !done) return done.error();
    }
    evaluator_.emplace(std::move(*made));
    fp32_seconds_ = seconds_since(start);
    if (!session_.calibrates) return success();
    const data::Dataset& calibrate = *session_.model_data.splits.calibrate;
    Progress calibration(session_.streams, "calibrate", calibrate.items(), "items");
    return evaluation::calibrate(session_.engine, calibrate, evaluator_->batch(), session_.scored.scorer.output, advance_on(calibration));
  }

  Result<records::ComparisonRow> measure(const Trial& trial, std::size_t number) {
    if (const Status ready = prepare(); !ready) return ready.error();
    const quant::Recipe recipe = recipe_of(session_, trial);
    records::ComparisonRow row = describe(session_, trial, recipe);
    const bool plain = recipe == quant::Recipe{};
    if (plain) {
      auto metrics = evaluator_->compare(evaluator_->fp32());
      if (!metrics) return metrics.error();
      row.metrics = *metrics;
      row.seconds = fp32_seconds_;
    } else {
      const auto start = Clock::now();
      Progress progress(session_.streams, fmt::format("[{}/{}] {}", number + 1, session_.trials.size(), trial.name()),
                        session_.report().items(), "items");
      auto watch = output_writer(trial.name());
      auto measured = evaluator_->measure(recipe, advance_on(progress), watch ? watch->watch() : evaluation::Watch{});
      if (!measured) return measured.error();
      if (watch) {
        if (const Status done = watch->commit(); !done) return done.error();
      }
      auto metrics = evaluator_->compare(*measured);
      if (!metrics) return metrics.error();
      row.metrics = *metrics;
      row.nonfinite = evaluator_->nonfinite();
      row.seconds = seconds_since(start);
    }
    const Status kept = folder_.journal().put(key_of(session_, trial, recipe), "compare", nlohmann::json(records::to_json(row)));
    if (!kept) return kept.error();
    return row;
  }

  std::unique_ptr<OutputFiles> output_writer(const std::string& name) {
    if (session_.options.save_outputs.empty()) return nullptr;
    return std::make_unique<OutputFiles>(session_.options.save_outputs, name, session_.report().items());
  }

  Status write_results(const records::Comparison& comparison) {
    for (const Trial& trial : session_.trials) {
      const std::string yaml = quant::to_yaml(recipe_of(session_, trial));
      if (const Status ok = write_file(folder_.file("recipes/" + file_name(recipe_name(trial)) + ".yaml"), yaml); !ok) return ok.error();
    }
    if (const Status ok = write_file(folder_.file("results.json"), records::json_text(comparison)); !ok) return ok.error();
    return write_file(folder_.file("results.csv"), records::csv_text(comparison));
  }

  Session& session_;
  records::RunFolder& folder_;
  std::optional<evaluation::Evaluator> evaluator_;
  double fp32_seconds_ = 0;
};

// What --dry-run shows: seconds of one item, and of all trials.
void print_plan(const Session& session, double one, double all) {
  const ModelData& of = session.model_data;
  const data::Dataset& report = session.report();
  const auto chosen = std::count(of.chosen.begin(), of.chosen.end(), true);
  const std::size_t layers = session.engine.graph().layers.size();
  if (session.options.json) {
    nlohmann::ordered_json plan = {{"model", of.model_path}, {"layers", layers}, {"quantized", chosen}, {"task", metrics::name(session.scored.task)},
                                   {"items", report.items()}, {"trials", nlohmann::ordered_json::array()},
                                   {"seconds_per_item", one}, {"estimated_seconds", all}};
    for (const Trial& trial : session.trials) plan["trials"].push_back(trial.name());
    fmt::print(session.streams.out, "{}\n", plan.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  fmt::print(session.streams.out, "model    {} ({} weights)\nlayers   {} of {} quantized\ntask     {}\nreport   {} items, {} {}s\n",
             of.model_path, session.engine.weight_count(), chosen, layers, metrics::name(session.scored.task), report.items(),
             report.unit_count(), report.unit_name());
  fmt::print(session.streams.out, "trials   {}\n", session.trials.size());
  for (const Trial& trial : session.trials) fmt::print(session.streams.out, "  {}\n", trial.name());
  fmt::print(session.streams.out, "estimate {:.0f} s ({:.3f} s an item)\n", all, one);
}

}  // namespace

Result<CompareResult> run_compare(const CompareOptions& options, Streams streams) {
  auto session = open_session(options, streams);
  if (!session) return session.error();
  auto folder = open_folder(*session);
  if (!folder) return folder.error();
  auto result = Runner(*session, *folder).run();
  if (!result) folder->forget_if_empty();
  return result;
}

Status dry_run_compare(const CompareOptions& options, Streams streams) {
  auto session = open_session(options, streams);
  if (!session) return session.error();
  const data::Dataset& report = session->report();
  auto inputs = report.batch(0, 1);
  if (!inputs) return inputs.error();
  auto warm = session->engine.run(*inputs);
  if (!warm) return warm.error();
  const auto start = Clock::now();
  if (const auto again = session->engine.run(*inputs); !again) return again.error();
  const double one = seconds_since(start);
  const auto runs = static_cast<double>(session->trials.size() + 1);
  print_plan(*session, one, one * static_cast<double>(report.items()) * runs);
  return success();
}

}  // namespace posittune::cli
