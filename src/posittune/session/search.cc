// Session::search.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/engine/versions.h"
#include "posittune/model/input_ties.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/records/best_row.h"
#include "posittune/records/run_folder.h"
#include "posittune/report/plot.h"
#include "posittune/report/scored_text.h"
#include "posittune/search/baselines.h"
#include "posittune/session/cost_table.h"
#include "posittune/session/output_files.h"
#include "posittune/session/search_choices.h"
#include "posittune/session/session_state.h"
#include "posittune/tuning/mix_space.h"

namespace posittune::session {

using Clock = std::chrono::steady_clock;

// State of a running search; its checked options outlive it.
struct SessionState::SearchJob {
  SessionState& session;
  const SearchOptions& options;
  cost::Table table;
  tuning::Options tuning;
  std::optional<Ready> ready{};
  cost::Loads loads{};
  cost::Memory memory{};
  tuning::ModelSize size{};
  std::vector<double> squares{};

  const data::Dataset& calibrate() const { return *session.splits_.calibrate; }
  const data::Dataset& search() const { return *session.splits_.search; }
  const data::Dataset* report() const {
    return session.splits_.report ? &*session.splits_.report : nullptr;
  }

  Status look_at(const model::Graph& graph);
  void set_measuring();
  Status price_choices(const cost::CostModel& costs) const;
  Status settle_table();
};

namespace {

using report::loss_title;

// MACs that gains of all weights may take: a few minutes of two cores.
constexpr double kGainMacs = 1.2e13;

Status check_splits(const SearchOptions& options, const data::Splits& splits) {
  if (!splits.calibrate) return data::missing_split("calibrate", "scores need calibration data");
  if (!splits.search)
    return data::missing_split("search", "formats are chosen on search data, and there are none");
  if (!splits.report && !options.no_report) {
    return data::missing_split("report", "no data to report on",
                               "or `no_report`: KL on the search split only");
  }
  return success();
}

// Items whose gains take kGainMacs at most; at least one.
std::size_t gain_items(const SearchOptions& options, double macs, std::size_t weights) {
  if (options.gain_items) return *options.gain_items;
  const double each = 0.55 * macs * static_cast<double>(std::max<std::size_t>(1, weights));
  return each > 0 ? static_cast<std::size_t>(std::max(1.0, std::min(1e9, kGainMacs / each))) : 0;
}

// "search bits 4.5" -> search-bits-4.5.yaml; of equal names the later ones get a number.
std::vector<std::string> recipe_files(const std::vector<records::SearchRow>& rows) {
  std::vector<std::string> files;
  for (const records::SearchRow& row : rows) {
    const std::string stem = file_name(row.method + (row.budget.empty() ? "" : " " + row.budget));
    std::string name = stem + ".yaml";
    for (int number = 2; std::find(files.begin(), files.end(), name) != files.end(); ++number)
      name = fmt::format("{}-{}.yaml", stem, number);
    files.push_back(name);
  }
  return files;
}

// "uniform posit<6,*>" -> "uniform posit": formats of a family lie on one line.
std::string series_name(const std::string& method) {
  if (!method.starts_with("uniform ")) return method;
  return method.substr(0, method.find_first_of("<0123456789|", std::string("uniform ").size()));
}

// The loss on the search split against bits, for each method that has several points.
std::string front_plot(const std::vector<records::SearchRow>& rows, const std::string& loss) {
  std::map<std::string, std::map<double, double>> lines;
  std::vector<std::string> names;  // in the rows' order
  for (const records::SearchRow& row : rows) {
    if (!(row.search_loss.value > 0) || !std::isfinite(row.search_loss.value)) continue;
    const std::string name = series_name(row.method);
    if (!lines.contains(name)) names.push_back(name);
    lines[name][row.bits_per_weight] = std::log10(row.search_loss.value);
  }
  report::Plot plot{.title = loss + " on the search split",
                    .x_label = "bits per weight",
                    .y_label = "log10 of " + loss + " to FP32",
                    .series = {}};
  for (const std::string& name : names) {
    if (lines[name].size() < 2) continue;
    report::Series series{name, {}, {}};
    for (const auto& [x, y] : lines[name]) {
      series.x.push_back(x);
      series.y.push_back(y);
    }
    plot.series.push_back(std::move(series));
  }
  return plot.series.empty() ? "" : report::to_svg(plot);
}

Status write_results(records::RunFolder& folder, const std::string& model_sha256,
                     tuning::Outcome& outcome) {
  const std::vector<std::string> files = recipe_files(outcome.result.rows);
  for (std::size_t i = 0; i < files.size(); ++i) {
    outcome.result.rows[i].recipe = files[i];
    if (const Status ok = write_file(
            folder.file("recipes/" + files[i]),
            quant::recipe_file_to_yaml(quant::RecipeFile{outcome.recipes[i], model_sha256}));
        !ok)
      return ok.error();
  }
  if (const Status ok = write_file(folder.file("results.json"), records::json_text(outcome.result));
      !ok)
    return ok.error();
  if (const Status ok =
          write_file(folder.file("results.csv"), records::csv_text(outcome.result.rows));
      !ok)
    return ok.error();
  const std::string plot = front_plot(outcome.result.rows, loss_title(outcome.result.scored));
  return plot.empty() ? success() : write_file(folder.file("front.svg"), plot);
}

}  // namespace

struct SearchParts {
  tuning::Options tuning;
  cost::Table table;
};

Result<CheckedSearch> check(const SearchOptions& options) {
  const bool inputs = options.what == sensitivity::Operand::kBoth;
  for (const Status& ok :
       {check_measuring(options.measuring, kSearchJob),
        check_some("formats", options.formats.empty()),
        check_some("activations", inputs && options.activations.empty()),
        check_range("pareto", options.pareto, options.pareto == 0 ? 0 : 2, 1000),
        check_range("refine", options.refine, 0, 100000),
        check_range("windows", options.windows, 0, 1 << 20), check_range("gap", options.gap, 0, 1),
        check_range("solver_seconds", options.solver_seconds, 0, 1e6)}) {
    if (!ok) return ok.error();
  }
  auto tuning = tuning_options(options);
  if (!tuning) return tuning.error();
  auto table = open_table(options.table);
  if (!table) return table.error();
  return CheckedSearch(options, std::make_shared<const SearchParts>(
                                    SearchParts{std::move(*tuning), std::move(*table)}));
}

// What has to be known of the graph before the engine takes it.
Status SessionState::SearchJob::look_at(const model::Graph& graph) {
  auto inputs = search().batch(0, 1);
  if (!inputs) return inputs.error();
  auto counted = cost::count_loads(graph, model::run_shapes(graph, shapes_of(*inputs)));
  if (!counted) return counted.error();
  loads = std::move(*counted);
  for (const model::Weight& weight : graph.weights)
    size.weights += static_cast<double>(weight.size());
  size.other_bits = 8.0 * static_cast<double>(graph.other_bytes);
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const cost::LayerLoad& load = loads.layers[l];
    size.macs += static_cast<double>(load.macs);
    if (session.chosen_[l] && graph.layers[l].weight)
      size.inputs += static_cast<double>(load.inputs);
  }
  for (const cost::LayerLoad& load : loads.products) size.macs += static_cast<double>(load.macs);
  if (options.tie_inputs) tuning.space.ties = model::input_ties(graph, session.chosen_);
  if (!options.baselines) return success();
  auto sums = model::weight_squares(graph, session.chosen_);
  if (!sums) return sums.error();
  squares = std::move(*sums);
  return success();
}

void SessionState::SearchJob::set_measuring() {
  const evaluation::ScoredOutput& scored = ready->scored;
  tuning.analysis.prober.task = scored.task;
  tuning.analysis.prober.scorer = scored.scorer;
  tuning.analysis.prober.batch = options.measuring.batch;
  tuning.analysis.prober.cache_limit = options.measuring.cache_limit;
  tuning.analysis.gain_items = gain_items(options, size.macs, ready->engine.graph().weights.size());
  tuning.evaluation.task = scored.task;
  tuning.evaluation.scorer = scored.scorer;
  tuning.evaluation.bootstrap = {.resamples = options.measuring.resamples,
                                 .seed = options.measuring.seed};
  tuning.evaluation.batch = options.measuring.batch;
}

// The first pair of choices that the table lacks, as an error.
Status SessionState::SearchJob::price_choices(const cost::CostModel& costs) const {
  const tuning::Choices& choices = tuning.choices;
  const std::vector<std::string> labels = tuning::weight_labels(choices);
  if (const auto fixed = costs.fixed_cost(); !fixed) return fixed.error();
  const auto price = [&](const quant::WeightSetting& weight,
                         const std::optional<quant::ActivationSetting>& activation) -> Status {
    for (std::size_t w = 0; w < ready->engine.graph().weights.size(); ++w) {
      if (const auto cost = costs.site_cost(w, weight, activation); !cost) return cost.error();
    }
    return success();
  };
  for (std::size_t w = 0; w < choices.weights.size(); ++w) {
    std::vector<std::optional<quant::ActivationSetting>> inputs(choices.activations.begin(),
                                                                choices.activations.end());
    if (inputs.empty()) inputs.emplace_back();
    for (const auto& input : inputs) {
      const std::pair pair(labels[w], input ? tuning::activation_label(*input) : "");
      const bool wanted =
          choices.pairs.empty() || std::ranges::find(choices.pairs, pair) != choices.pairs.end();
      if (!wanted) continue;
      if (const Status priced = price(choices.weights[w], input); !priced) return priced;
    }
  }
  return success();
}

// Where none was asked for, one table that has all choices: the synthesised units, or the
// placeholder.
Status SessionState::SearchJob::settle_table() {
  memory = memory_for(options.table, table);
  const Status priced = price_choices({ready->engine.graph(), loads, table, memory});
  if (priced) return success();
  auto fallback = fallback_table(options.table, table, priced.error());
  if (!fallback) return priced.error();
  const bool counts = std::ranges::any_of(
      options.budgets, [](const tuning::Budget& each) { return tuning::traits(each.cost).priced; });
  if (counts) session.observer_->note(fallback->note);
  table = std::move(fallback->table);
  memory = memory_for(options.table, table);
  return success();
}

Result<SessionState::SearchJob> SessionState::search_job(const CheckedSearch& checked) {
  const SearchOptions& options = checked.options();
  if (const Status some = check_chosen(); !some) return some.error();
  if (const Status there = check_splits(options, splits_); !there) return there.error();
  SearchJob job{*this, options, checked.parts().table, checked.parts().tuning};
  const bool compensated =
      job.tuning.choices.weights.front().rounding == quant::Rounding::kCompensated;
  auto ready = prepare(*splits_.search, options.scores,
                       {.segments = options.measuring.segments,
                        .covariance_bytes = kCovarianceBytes,
                        .held_out = compensated,
                        .embedding_columns = compensated ? kEmbeddingColumns : 0},
                       [&job](const model::Graph& graph) { return job.look_at(graph); });
  if (!ready) return ready.error();
  job.ready.emplace(std::move(*ready));
  job.set_measuring();
  if (const Status fits =
          tuning::MixSpace::check(job.ready->engine, job.tuning.choices, job.tuning.space);
      !fits)
    return fits.error();
  if (const Status priced = job.settle_table(); !priced) return priced.error();
  return job;
}

Status SessionState::write_details(SearchJob& job, const tuning::Outcome& outcome,
                                   records::RunFolder& folder) {
  engine::Engine& engine = job.ready->engine;
  DetailSources from{.engine = engine,
                     .loads = job.loads,
                     .table = job.table,
                     .choice = job.options.table,
                     .recipes = outcome.recipes,
                     .items = outcome.item_losses,
                     .scores = {},
                     .closely = {},
                     .key = {}};
  for (const tuning::Outcome::Score& each : outcome.scores)
    from.scores.push_back(
        {engine.graph().weights[each.weight].layers.front(), each.label, each.loss});
  std::string recipes;
  for (std::size_t i = 0; i < outcome.result.rows.size(); ++i) {
    const records::SearchRow& row = outcome.result.rows[i];
    if (!records::is_mix(row)) continue;
    from.closely.push_back({i, row.method + (row.budget.empty() ? "" : ", " + row.budget)});
    recipes += quant::to_yaml(outcome.recipes[i]) + "---\n";
  }
  std::map<std::string, std::string> parts = {
      {"kind", "closely"},
      {"model", identity_},
      {"recipes", sha256_hex(recipes)},
      {"calibrate", job.calibrate().identity() + "/" + std::to_string(job.calibrate().items())},
      {"held out", std::to_string(job.tuning.choices.weights.front().rounding ==
                                  quant::Rounding::kCompensated)}};
  parts.merge(engine::versions());
  from.key = records::trial_key(parts);
  return write_details(from, folder, records::json_text(outcome.result), [&] {
    return calibrate_once(engine, job.ready->scored.scorer.output, job.options.measuring.batch);
  });
}

Result<SearchResult> SessionState::search(const CheckedSearch& checked) {
  const auto start = Clock::now();
  const SearchOptions& options = checked.options();
  auto job = search_job(checked);
  if (!job) return job.error();
  // Choices and budgets may change from call to call while only the search split is looked at.
  std::string config =
      fmt::format("seed: {}\nresamples: {}\nsegments: {}\n", options.measuring.seed,
                  options.measuring.resamples, job->ready->engine.segment_count());
  config += fmt::format("calibrate_items: {}\nsearch_items: {}\n", job->calibrate().items(),
                        job->search().items());
  if (job->report() != nullptr) config += fmt::format("report_items: {}\n", job->report()->items());
  auto folder = open_folder("search", *job->ready, config, options.measuring);
  if (!folder) return folder.error();
  job->tuning.analysis.prober.scratch_folder = job->tuning.evaluation.scratch_folder =
      folder->path();
  const cost::CostModel costs(job->ready->engine.graph(), job->loads, job->table, job->memory);
  const evaluation::ScoredOutput& scored = job->ready->scored;
  const tuning::Inputs inputs{
      .engine = &job->ready->engine,
      .calibrate = &job->calibrate(),
      .search = &job->search(),
      .report = job->report(),
      .model = &costs,
      .size = job->size,
      .squares = job->squares,
      .journal = &folder->journal(),
      .identity = {{"model", identity_}, {"task", metrics::identity(scored.task, scored.scorer)}},
      .progress = reporter()};
  auto outcome = tuning::tune(inputs, job->tuning);
  if (!outcome) {
    folder->forget_if_empty();
    return outcome.error();
  }
  if (options.settings.weight.rounding == quant::Rounding::kNearest)
    observer_->note(
        "weights were rounded to nearest; `rounding=compensated` loses less, most of all below 6 "
        "bits, and takes longer");
  if (std::ranges::any_of(job->tuning.choices.activations, [](const auto& each) {
        return each.scale == quant::ActivationScale::kOutput;
      }))
    note_undecided(job->ready->engine);
  outcome->result.model = model_record();
  outcome->result.scored = evaluation::to_record(scored);
  outcome->result.data["calibrate"] = record_of(job->calibrate());
  outcome->result.data["search"] = record_of(job->search());
  if (job->report() != nullptr && !options.no_report)
    outcome->result.data["report"] = record_of(*job->report());
  if (const Status written = write_results(*folder, sha256_, *outcome); !written)
    return written.error();
  if (const Status written = write_details(*job, *outcome, *folder); !written)
    return written.error();
  return SearchResult{std::move(outcome->result), std::move(outcome->missed), folder->path(),
                      std::chrono::duration<double>(Clock::now() - start).count()};
}

Result<SearchPlan> SessionState::estimate(const CheckedSearch& checked) {
  const SearchOptions& options = checked.options();
  auto job = search_job(checked);
  if (!job) return job.error();
  auto one = time_item(job->ready->engine, job->search());
  if (!one) return one.error();
  const tuning::Options& tuning = job->tuning;
  SearchPlan plan{.model = source_.model,
                  .task = std::string(metrics::name(job->ready->scored.task)),
                  .weights = job->ready->engine.graph().weights.size(),
                  .choices = tuning.choices.weights.size() *
                             std::max<std::size_t>(1, tuning.choices.activations.size()),
                  .items = job->search().items()};
  plan.gain_items = tuning.analysis.gain_items == 0
                        ? plan.items
                        : std::min(plan.items, tuning.analysis.gain_items);
  plan.recipes = tuning.budgets.size() + tuning.pareto + (tuning.max_drop ? 1 : 0);
  if (options.baselines)
    plan.recipes += plan.choices + (search::rules().size() + 1) * tuning.budgets.size();
  const std::size_t beside =
      (options.baselines ? 1 : 4) * tuning.budgets.size();  // measured on search alone
  const double items =
      0.55 * static_cast<double>(plan.weights * plan.gain_items) +
      static_cast<double>(plan.recipes + beside + tuning.refine * tuning.budgets.size()) *
          static_cast<double>(plan.items) +
      (job->report() != nullptr && tuning.report
           ? static_cast<double>(plan.recipes * job->report()->items())
           : 0);
  plan.seconds = *one * items;
  return plan;
}

}  // namespace posittune::session
