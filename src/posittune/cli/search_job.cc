#include "posittune/base/printable.h"
#include "posittune/cli/search_job.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <ostream>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/cli/cost_job.h"
#include "posittune/cli/job.h"
#include "posittune/cli/output_files.h"
#include "posittune/cli/search_choices.h"
#include "posittune/quant/weight_format.h"
#include "posittune/tuning/mix_space.h"
#include "posittune/report/plot.h"

namespace posittune::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCovarianceBytes = 2UL << 30;
// MACs that gains of all weights may take: a few minutes of two cores.
constexpr double kGainMacs = 1.2e13;

struct Session {
  const SearchOptions& options;
  Streams streams;
  ModelData model_data;
  cost::Table table;
  tuning::Options tuning;
  evaluation::ScoredOutput scored{};
  cost::Loads loads{};
  cost::Memory memory{};
  tuning::ModelSize size{};
  std::vector<double> squares{};
  std::optional<engine::Engine> engine{};

  const data::Dataset& calibrate() const { return *model_data.splits.calibrate; }
  const data::Dataset& search() const { return *model_data.splits.search; }
  const data::Dataset* report() const { return model_data.splits.report ? &*model_data.splits.report : nullptr; }
};

Status check_splits(const SearchOptions& options, const data::Splits& splits) {
  const auto missing = [](std::string what, std::string expected, std::string hint = "") {
    return Error{.kind = ErrorKind::kUsage, .what = std::move(what), .expected = std::move(expected), .hint = std::move(hint)};
  };
  if (!splits.calibrate) return missing("scores need calibration data", "--calibrate PATH, or `calibrate` in --data");
  if (!splits.search) return missing("formats are chosen on search data, and there are none", "--search PATH, or `search` in --data");
  if (!splits.report && !options.no_report) {
    return missing("no data to report on", "--report PATH, or `report` in --data", "or --no-report: KL on the search split only");
  }
  return success();
}

std::map<std::string, TensorShape> shapes_of(const Tensors& inputs) {
  std::map<std::string, TensorShape> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape;
  return shapes;
}

// Items whose gains take kGainMacs at most; at least one.
std::size_t gain_items(const SearchOptions& options, double macs, std::size_t weights) {
  if (options.gain_items >= 0) return static_cast<std::size_t>(options.gain_items);
  const double each = 0.55 * macs * static_cast<double>(std::max<std::size_t>(1, weights));
  return each > 0 ? static_cast<std::size_t>(std::max(1.0, std::min(1e9, kGainMacs / each))) : 0;
}

// What has to be known of the graph before the engine takes it.
Status look_at_graph(Session& session, const model::Graph& graph) {
  auto inputs = session.search().batch(0, 1);
  if (!inputs) return inputs.error();
  auto loads = cost::count_loads(graph, shapes_of(*inputs));
  if (!loads) return loads.error();
  session.loads = std::move(*loads);
  for (const model::Weight& weight : graph.weights) session.size.weights += static_cast<double>(weight.size());
  session.size.other_bits = 8.0 * static_cast<double>(graph.other_bytes);
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const cost::LayerLoad& load = session.loads.layers[l];
    session.size.macs += static_cast<double>(load.macs);
    if (session.model_data.chosen[l] && graph.layers[l].weight) session.size.inputs += static_cast<double>(load.inputs);
  }
  for (const cost::LayerLoad& load : session.loads.products) session.size.macs += static_cast<double>(load.macs);
  if (session.options.tie_inputs) session.tuning.space.ties = input_ties(graph, session.model_data.chosen);
  if (!session.options.baselines) return success();
  auto squares = weight_squares(graph, session.model_data.chosen);
  if (!squares) return squares.error();
  session.squares = std::move(*squares);
  return success();
}

void set_measuring(Session& session) {
  const SearchOptions& options = session.options;
  tuning::Options& tuning = session.tuning;
  tuning.analysis.prober.task = session.scored.task;
  tuning.analysis.prober.scorer = session.scored.scorer;
  tuning.analysis.prober.scorer.threads = options.model_data.threads;
  tuning.analysis.prober.batch = options.batch;
  tuning.analysis.prober.cache_limit = options.cache_limit;
  tuning.analysis.gain_items = gain_items(options, session.size.macs, session.engine->graph().weights.size());
  tuning.evaluation.task = session.scored.task;
  tuning.evaluation.scorer = tuning.analysis.prober.scorer;
  tuning.evaluation.bootstrap = {.resamples = options.resamples, .seed = options.seed};
  tuning.evaluation.batch = options.batch;
}

// The first pair of choices that the table lacks, as an error.
Status price_choices(const Session& session, const cost::CostModel& costs) {
  const tuning::Choices& choices = session.tuning.choices;
  const std::vector<std::string> labels = tuning::weight_labels(choices);
  if (const auto fixed = costs.fixed_cost(); !fixed) return fixed.error();
  const auto price = [&](const quant::WeightSetting& weight, const std::optional<quant::ActivationSetting>& activation) -> Status {
    for (std::size_t w = 0; w < session.engine->graph().weights.size(); ++w) {
      if (const auto cost = costs.site_cost(w, weight, activation); !cost) return cost.error();
    }
    return success();
  };
  for (std::size_t w = 0; w < choices.weights.size(); ++w) {
    std::vector<std::optional<quant::ActivationSetting>> inputs(choices.activations.begin(), choices.activations.end());
    if (inputs.empty()) inputs.emplace_back();
    for (const auto& input : inputs) {
      const std::pair pair(labels[w], input ? tuning::activation_label(*input) : "");
      const bool wanted = choices.pairs.empty() || std::ranges::find(choices.pairs, pair) != choices.pairs.end();
      if (!wanted) continue;
      if (const Status priced = price(choices.weights[w], input); !priced) return priced;
    }
  }
  return success();
}

// Without --table, one table that has all choices: the synthesised units, or the placeholder.
Status settle_table(Session& session) {
  CostOptions options;
  options.table = session.options.table;
  if (session.options.memory_pj_per_bit >= 0) options.weight_pj_per_bit = session.options.memory_pj_per_bit;
  session.memory = memory_for(options, session.table);
  const Status priced = price_choices(session, {session.engine->graph(), session.loads, session.table, session.memory});
  if (priced) return success();
  auto fallback = fallback_table(options, session.table, priced.error());
  if (!fallback) return priced.error();
  const bool counts = !session.options.energy.empty() || !session.options.area.empty();
  if (counts) fmt::print(session.streams.err, "note: {}\n", printable(fallback->note));
  session.table = std::move(fallback->table);
  session.memory = memory_for(options, session.table);
  return success();
}

Result<Session> open_session(const SearchOptions& options, Streams streams) {
  auto tuning = tuning_options(options);
  if (!tuning) return tuning.error();
  CostOptions costs;
  costs.table = options.table;
  auto table = open_table(costs);
  if (!table) return table.error();
  auto model_data = open_model_data(options.model_data);
  if (!model_data) return model_data.error();
  if (const Status some = check_chosen(*model_data); !some) return some.error();
  if (const Status there = check_splits(options, model_data->splits); !there) return there.error();
  say_what_stays(*model_data, options.model_data, *model_data->splits.search, streams);
  auto scored = resolve_scored(*model_data, *model_data->splits.search, options.scores, streams);
  if (!scored) return scored.error();
  Session session{options, streams, std::move(*model_data), std::move(*table), std::move(*tuning), std::move(*scored)};
  model::Graph graph = std::move(session.model_data.graph);
  if (const Status seen = look_at_graph(session, graph); !seen) return seen.error();
  const bool compensated = session.tuning.choices.weights.front().rounding == quant::Rounding::kCompensated;
  auto engine = engine::Engine::create(std::move(graph), {.chosen = session.model_data.chosen,
                                                          .threads = options.model_data.threads,
                                                          .segments = options.segments,
                                                          .covariance_bytes = kCovarianceBytes,
                                                          .held_out = compensated,
                                                          .embedding_columns = compensated ? kEmbeddingColumns : 0});
  if (!engine) return engine.error();
  session.engine.emplace(std::move(*engine));
  if (const Status settled = evaluation::settle(session.scored, *session.engine, session.search()); !settled) return settled.error();
  set_measuring(session);
  if (const Status fits = tuning::MixSpace::check(*session.engine, session.tuning.choices, session.tuning.space); !fits) return fits.error();
  if (const Status priced = settle_table(session); !priced) return priced.error();
  return session;
}

std::string config_text(const Session& session) {
  // Choices and budgets may change from session to session while only the search split is looked at.
  std::string text = fmt::format("command: search\n{}seed: {}\nresamples: {}\nsegments: {}\n", scored_config(session.scored),
                                 session.options.seed, session.options.resamples, session.engine->segment_count());
  text += fmt::format("calibrate_items: {}\nsearch_items: {}\n", session.calibrate().items(), session.search().items());
  if (session.report() != nullptr) text += fmt::format("report_items: {}\n", session.report()->items());
  return text + session.model_data.inputs_config + quantized_text(*session.engine);
}

Result<records::RunFolder> open_folder(const Session& session) {
  records::RunInfo info = run_info(session.model_data, session.options.model_data, session.streams);
  info.seed = session.options.seed;
  info.config = config_text(session);
  const std::string& given = session.options.run_folder;
  return open_run(given.empty() ? default_run_folder("search", session.model_data, info) : given, info,
                  session.streams);
}

sensitivity::Reporter reporter(Streams streams) {
  return [streams](const std::string& title, std::size_t total) -> evaluation::Advance {
    if (total == 0) return [](std::size_t) { return success(); };
    auto progress = std::make_shared<Progress>(streams, title, total, "steps");
    const evaluation::Advance advance = advance_on(*progress);
    return [progress, advance](std::size_t some) { return advance(some); };
  };
}

// "search bits 4.5" -> search-bits-4.5.yaml; of equal names the later ones get a number.
std::vector<std::string> recipe_files(const std::vector<records::SearchRow>& rows) {
  std::vector<std::string> files;
  for (const records::SearchRow& row : rows) {
    const std::string stem = file_name(row.method + (row.budget.empty() ? "" : " " + row.budget));
    std::string name = stem + ".yaml";
    for (int number = 2; std::find(files.begin(), files.end(), name) != files.end(); ++number) name = fmt::format("{}-{}.yaml", stem, number);
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
  report::Plot plot{.title = loss + " on the search split", .x_label = "bits per weight", .y_label = "log10 of " + loss + " to FP32", .series = {}};
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

Status write_results(records::RunFolder& folder, tuning::Outcome& outcome) {
  const std::vector<std::string> files = recipe_files(outcome.result.rows);
  for (std::size_t i = 0; i < files.size(); ++i) {
    outcome.result.rows[i].recipe = files[i];
    if (const Status ok = write_file(folder.file("recipes/" + files[i]), quant::to_yaml(outcome.recipes[i])); !ok) return ok.error();
  }
  if (const Status ok = write_file(folder.file("results.json"), records::json_text(outcome.result)); !ok) return ok.error();
  if (const Status ok = write_file(folder.file("results.csv"), records::csv_text(outcome.result.rows)); !ok) return ok.error();
  const std::string plot = front_plot(outcome.result.rows, loss_title(outcome.result.scored));
  return plot.empty() ? success() : write_file(folder.file("front.svg"), plot);
}

}  // namespace

Result<SearchJobResult> run_search(const SearchOptions& options, Streams streams) {
  const auto start = Clock::now();
  auto session = open_session(options, streams);
  if (!session) return session.error();
  auto folder = open_folder(*session);
  if (!folder) return folder.error();
  session->tuning.analysis.prober.scratch_folder = session->tuning.evaluation.scratch_folder = folder->path();
  const model::Graph& graph = session->engine->graph();
  const cost::CostModel costs(graph, session->loads, session->table, session->memory);
  const tuning::Inputs inputs{.engine = &*session->engine,
                              .calibrate = &session->calibrate(),
                              .search = &session->search(),
                              .report = session->report(),
                              .model = &costs,
                              .size = session->size,
                              .squares = session->squares,
                              .journal = &folder->journal(),
                              .identity = {{"model", session->model_data.model_identity}, {"task", metrics::identity(session->scored.task, session->scored.scorer)}},
                              .progress = reporter(streams)};
  auto outcome = tuning::tune(inputs, session->tuning);
  if (!outcome) {
    folder->forget_if_empty();
    return outcome.error();
  }
  outcome->result.model = {session->model_data.model_path, session->model_data.model_sha256};
  outcome->result.scored = evaluation::to_record(session->scored);
  outcome->result.data["calibrate"] = split_record(session->calibrate());
  outcome->result.data["search"] = split_record(session->search());
  if (session->report() != nullptr && !options.no_report) outcome->result.data["report"] = split_record(*session->report());
  if (const Status written = write_results(*folder, *outcome); !written) return written.error();
  return SearchJobResult{std::move(outcome->result), std::move(outcome->missed), folder->path(),
                         std::chrono::duration<double>(Clock::now() - start).count()};
}

Status dry_run_search(const SearchOptions& options, Streams streams) {
  auto session = open_session(options, streams);
  if (!session) return session.error();
  auto inputs = session->search().batch(0, 1);
  if (!inputs) return inputs.error();
  if (auto warm = session->engine->run(*inputs); !warm) return warm.error();
  const auto start = Clock::now();
  if (auto again = session->engine->run(*inputs); !again) return again.error();
  const double one = std::chrono::duration<double>(Clock::now() - start).count();
  const tuning::Options& tuning = session->tuning;
  const std::size_t weights = session->engine->graph().weights.size();
  const std::size_t gained = tuning.analysis.gain_items == 0 ? session->search().items() : std::min(session->search().items(), tuning.analysis.gain_items);
  const std::size_t choices = tuning.choices.weights.size() * std::max<std::size_t>(1, tuning.choices.activations.size());
  std::size_t recipes = tuning.budgets.size() + tuning.pareto + (tuning.max_drop ? 1 : 0);
  if (options.baselines) recipes += choices + 7 * tuning.budgets.size();
  const std::size_t beside = (options.baselines ? 1 : 4) * tuning.budgets.size();  // measured on search alone
  const double items = 0.55 * static_cast<double>(weights * gained) + static_cast<double>(recipes + beside + tuning.refine * tuning.budgets.size()) * static_cast<double>(session->search().items()) +
                       (session->report() != nullptr && tuning.report ? static_cast<double>(recipes * session->report()->items()) : 0);
  if (options.json) {
    const nlohmann::ordered_json plan = {{"model", session->model_data.model_path}, {"task", metrics::name(session->scored.task)}, {"weights", weights},
                                         {"choices", choices}, {"recipes", recipes}, {"gain_items", gained}, {"estimated_seconds", one * items}};
    fmt::print(streams.out, "{}\n", plan.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return success();
  }
  fmt::print(streams.out, "model    {}\ntask     {}\nweights  {}\nchoices  {} for each\nrecipes  {} to measure\ngains    on {} of {} items\nestimate {:.0f} s of runs, beside scores\n",
             session->model_data.model_path, metrics::name(session->scored.task), weights, choices, recipes, gained, session->search().items(), one * items);
  return success();
}

}  // namespace posittune::cli
