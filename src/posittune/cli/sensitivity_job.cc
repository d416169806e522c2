#include "posittune/cli/sensitivity_job.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/version.h"
#include "posittune/cli/job.h"
#include "posittune/quant/weight_format.h"
#include "posittune/report/plot.h"
#include "posittune/sensitivity/analysis.h"

namespace posittune::cli {
namespace {

using sensitivity::Analysis;
using sensitivity::Candidate;
using sensitivity::Tier;
using sensitivity::What;

constexpr std::size_t kCovarianceBytes = 1UL << 30;

Result<Candidate> make_candidate(const SensitivityOptions& options, const std::string& format, const std::string& scale) {
  Candidate candidate;
  if (const Status known = quant::parse_weight_format(format, candidate.weight); !known) return known.error();
  auto rounding = quant::parse_rounding(options.rounding);
  if (!rounding) return rounding.error();
  auto rule = quant::parse_scale_rule(scale);
  if (!rule) return rule.error();
  auto activation_scale = quant::parse_activation_scale(options.activation_scale);
  if (!activation_scale) return activation_scale.error();
  if (const Status ok = quant::parse_granularity(options.granularity, candidate.weight); !ok) return ok.error();
  candidate.weight.rounding = *rounding;
  candidate.weight.bias_correction = options.bias_correction;
  if (const auto fits = quant::parts(candidate.weight, 1); !fits) return fits.error();
  candidate.weight.rule = *rule;
  candidate.weight.input_weighted = options.input_weighted;
  // Nothing is searched for per token.
  const bool token = *activation_scale == quant::ActivationScale::kToken;
  candidate.activation = {candidate.weight.format, token ? quant::token_rule(candidate.weight.format, *rule) : *rule, *activation_scale};
  return candidate;
}

Result<sensitivity::Options> analysis_options(const SensitivityOptions& options) {
  sensitivity::Options made;
  made.what.clear();
  for (const std::string& text : options.what) {
    auto what = sensitivity::parse_what(text);
    if (!what) return what.error();
    if (std::find(made.what.begin(), made.what.end(), *what) == made.what.end()) made.what.push_back(*what);
  }
  auto tier = sensitivity::parse_tier(options.tier);
  if (!tier) return tier.error();
  made.tier = options.check ? Tier::kExact : *tier;
  for (const std::string& format : options.formats) {
    for (const std::string& scale : options.scales) {
      auto candidate = make_candidate(options, format, scale);
      if (!candidate) return candidate.error();
      const auto same = [&](const Candidate& other) { return other.weight == candidate->weight; };
      if (std::none_of(made.candidates.begin(), made.candidates.end(), same)) made.candidates.push_back(*candidate);
    }
  }
  auto reference = make_candidate(options, options.reference, options.scales.front());
  if (!reference) return reference.error();
  made.reference = *reference;
  made.precision = options.no_early_stop ? 0 : options.precision;
  made.stop_dominated = !options.no_early_stop;
  made.spot_checks = options.spot_checks;
  made.naive = options.naive;
  made.seed = options.seed;
  made.batch = options.batch;
  return made;
}

bool needs_calibration(const sensitivity::Options& options) {
  return std::any_of(options.candidates.begin(), options.candidates.end(), [](const Candidate& each) { return quant::needs_calibration(each.weight); });
}

struct Session {
  const SensitivityOptions& options;
  Streams streams;
  ModelData model_data;
  engine::Engine engine;
  sensitivity::Options analysis;
  evaluation::ScoredOutput scored;

  const data::Dataset* calibrate() const { return model_data.splits.calibrate ? &*model_data.splits.calibrate : nullptr; }
  const data::Dataset* search() const { return model_data.splits.search ? &*model_data.splits.search : nullptr; }
};

Status check_extras(const SensitivityOptions& options, const sensitivity::Options& analysis) {
  const auto refused = [](const std::string& what, const std::string& hint) { return Error{.kind = ErrorKind::kUsage, .what = what, .hint = hint}; };
  if (options.exact_channels > 0 && options.channels == 0) {
    return refused("--exact-channels measures windows of --channels, and there are none", "add --channels 64");
  }
  const bool inputs = std::any_of(analysis.what.begin(), analysis.what.end(), [](What what) { return what != What::kWeight; });
  if (options.model_data.selection.attention && !inputs) {
    return refused("--attention adds products of inputs, and --what w has no inputs", "add --what a or --what wa");
  }
  const auto mixable = [](const Candidate& each) { return each.format().bits >= 4 && each.format().bits <= 8; };
  if (options.mixes > 0 && std::none_of(analysis.candidates.begin(), analysis.candidates.end(), mixable)) {
    return refused("mixes are made of formats of 4 to 8 bits, and none is among --formats", "add some to --formats");
  }
  if (options.upgrade_points == 0) return success();
  auto from = make_candidate(options, options.upgrade_from, options.scales.front());
  if (!from) return from.error();
  auto into = make_candidate(options, options.upgrade_to, options.scales.front());
  if (!into) return into.error();
  if (into->format().bits > from->format().bits) return success();
  return Error{.kind = ErrorKind::kUsage, .what = "windows are upgraded to a format of more bits", .found = options.upgrade_from + " to " + options.upgrade_to};
}

Result<Session> open_session(const SensitivityOptions& options, Streams streams) {
  auto analysis = analysis_options(options);
  if (!analysis) return analysis.error();
  if (const Status fit = check_extras(options, *analysis); !fit) return fit.error();
  auto model_data = open_model_data(options.model_data);
  if (!model_data) return model_data.error();
  if (const Status some = check_chosen(*model_data); !some) return some.error();
  const auto& splits = model_data->splits;
  const bool extras = options.channels > 0 || options.mixes > 0 || options.upgrade_points > 0;
  if (!splits.calibrate && (analysis->tier != Tier::kExact || extras)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "proxies and gains need calibration data",
                 .expected = "--calibrate PATH, or `calibrate` in --data",
                 .hint = "or --tier exact"};
  }
  if (!splits.calibrate && needs_calibration(*analysis)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "--input-weighted, --rounding compensated and --bias-correction need calibration data",
                 .expected = "--calibrate PATH, or `calibrate` in --data"};
  }
  if (!splits.search && (analysis->tier != Tier::kProxy || extras)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "KL is measured on search data, and there are none",
                 .expected = "--search PATH, or `search` in --data",
                 .hint = "or --tier proxy"};
  }
  const data::Dataset& seen = splits.search ? *splits.search : *splits.calibrate;
  say_what_stays(*model_data, options.model_data, seen, streams);
  auto scored = resolve_scored(*model_data, seen, options.scores, streams);
  if (!scored) return scored.error();
  analysis->prober.batch = options.batch;
  analysis->prober.cache_limit = options.cache_limit;
  auto engine = engine::Engine::create(std::move(model_data->graph), {.chosen = model_data->chosen,
                                                                      .threads = options.model_data.threads,
                                                                      .segments = options.segments,
                                                                      .covariance_bytes = splits.calibrate ? kCovarianceBytes : 0,
                                                                      .held_out = options.rounding == "compensated",
                                                                      .embedding_columns = options.rounding == "compensated" ? kEmbeddingColumns : 0});
  if (!engine) return engine.error();
  if (const Status settled = evaluation::settle(*scored, *engine, seen); !settled) return settled.error();
  scored->scorer.threads = options.model_data.threads;
  analysis->prober.task = scored->task;
  analysis->prober.scorer = scored->scorer;
  return Session{options, streams, std::move(*model_data), std::move(*engine), std::move(*analysis), std::move(*scored)};
}

std::string config_text(const Session& session) {
  // Formats, tiers and extras may change from session to session: each row has its own key.
  std::string text = fmt::format("command: sensitivity\n{}seed: {}\nsegments: {}\n", scored_config(session.scored),
                                 session.options.seed, session.engine.segment_count());
  if (session.search() != nullptr) text += fmt::format("search_items: {}\n", session.search()->items());
  if (session.calibrate() != nullptr) text += fmt::format("calibrate_items: {}\n", session.calibrate()->items());
  return text + session.model_data.inputs_config + quantized_text(session.engine);
}

Result<records::RunFolder> open_folder(const Session& session) {
  records::RunInfo info = run_info(session.model_data, session.options.model_data, session.streams);
  info.hashes.erase("report");  // not looked at
  info.seed = session.options.seed;
  info.config = config_text(session);
  const std::string& given = session.options.run_folder;
  return open_run(given.empty() ? default_run_folder("sensitivity", session.model_data, info) : given, info,
                  session.streams);
}

sensitivity::Reporter reporter(Streams streams) {
  return [streams](const std::string& title, std::size_t total) -> evaluation::Advance {
    if (total == 0) return [](std::size_t) { return success(); };
    const bool items = title == "FP32" || title == "calibrate" || title == "exact" || title == "mixes" || title == "upgrades";
    auto progress = std::make_shared<Progress>(streams, title, total, items ? "items" : "steps");
    const evaluation::Advance advance = advance_on(*progress);
    return [progress, advance](std::size_t some) { return advance(some); };
  };
}

Status add_extras(const SensitivityOptions& options, Analysis& analysis, records::Sensitivity& result) {
  if (options.channels > 0) {
    if (const Status done = analysis.add_channels(options.channels, options.exact_channels, result); !done) return done.error();
  }
  if (options.mixes > 0) {
    if (const Status done = analysis.add_mixes(options.mixes, result); !done) return done.error();
  }
  if (options.upgrade_points == 0) return success();
  auto from = make_candidate(options, options.upgrade_from, options.scales.front());
  if (!from) return from.error();
  auto into = make_candidate(options, options.upgrade_to, options.scales.front());
  if (!into) return into.error();
  return analysis.add_upgrades(*from, *into, options.channels > 0 ? options.channels : 64, options.upgrade_points, result);
}

std::string upgrade_plot(const records::Sensitivity& result) {
  report::Plot plot{.title = loss_title(result.scored) + " as windows of channels are upgraded", .x_label = "bits per weight", .y_label = loss_title(result.scored) + " to FP32", .series = {}};
  for (const records::UpgradeRecord& each : result.upgrades) {
    const std::string name = each.order == "error" ? "by |dW|^2" : each.order == "score" ? "by score" : each.order;
    if (plot.series.empty() || plot.series.back().name != name) plot.series.push_back({name, {}, {}});
    plot.series.back().x.push_back(each.bits_per_weight);
    plot.series.back().y.push_back(each.loss);
  }
  return report::to_svg(plot);
}

}  // namespace

Result<SensitivityResult> run_sensitivity(const SensitivityOptions& options, Streams streams) {
  auto session = open_session(options, streams);
  if (!session) return session.error();
  auto folder = open_folder(*session);
  if (!folder) return folder.error();
  session->analysis.prober.scratch_folder = folder->path();
  sensitivity::Inputs inputs{.engine = &session->engine,
                             .calibrate = session->calibrate(),
                             .search = session->search(),
                             .journal = &folder->journal(),
                             .identity = {{"model", session->model_data.model_identity},
                                          {"task", metrics::identity(session->scored.task, session->scored.scorer)}},
                             .report = reporter(streams)};
  Analysis analysis(std::move(inputs), session->analysis);
  auto result = analysis.run();
  if (!result) {
    folder->forget_if_empty();
    return result.error();
  }
  if (const Status done = add_extras(options, analysis, *result); !done) return done.error();
  analysis.set_costs(*result);
  result->scored = evaluation::to_record(session->scored);
  result->model = {session->model_data.model_path, session->model_data.model_sha256};
  if (session->calibrate() != nullptr) result->data["calibrate"] = split_record(*session->calibrate());
  if (session->search() != nullptr) result->data["search"] = split_record(*session->search());
  if (const Status ok = write_file(folder->file("results.json"), records::json_text(*result)); !ok) return ok.error();
  if (const Status ok = write_file(folder->file("results.csv"), records::csv_text(result->rows)); !ok) return ok.error();
  if (!result->channels.empty()) {
    if (const Status ok = write_file(folder->file("channels.csv"), records::csv_text(result->channels)); !ok) return ok.error();
  }
  if (!result->upgrades.empty()) {
    if (const Status ok = write_file(folder->file("upgrades.svg"), upgrade_plot(*result)); !ok) return ok.error();
  }
  return SensitivityResult{std::move(*result), folder->path()};
}

Status dry_run_sensitivity(const SensitivityOptions& options, Streams streams) {
  auto session = open_session(options, streams);
  if (!session) return session.error();
  const data::Dataset& data = session->search() != nullptr ? *session->search() : *session->calibrate();
  auto inputs = data.batch(0, 1);
  if (!inputs) return inputs.error();
  if (auto warm = session->engine.run(*inputs); !warm) return warm.error();
  const auto start = std::chrono::steady_clock::now();
  if (auto again = session->engine.run(*inputs); !again) return again.error();
  const double one = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto sites = sensitivity::list_sites(session->engine, session->analysis.what);
  // A suffix run is half of a whole one on average.
  const double evaluation = one * static_cast<double>(data.items());
  const double gains = session->analysis.tier == Tier::kProxy ? 0 : 0.6 * static_cast<double>(sites.size());
  const double exact = session->analysis.tier == Tier::kExact ? 0.6 * static_cast<double>(sites.size() * session->analysis.candidates.size()) : 0;
  const double evaluations = 3 + gains + exact + static_cast<double>(options.mixes + 3 * options.upgrade_points);
  if (options.json) {
    const nlohmann::ordered_json plan = {{"model", session->model_data.model_path}, {"task", metrics::name(session->analysis.prober.task)},
                                         {"sites", sites.size()}, {"formats", session->analysis.candidates.size()},
                                         {"segments", session->engine.segment_count()}, {"tier", sensitivity::name(session->analysis.tier)},
                                         {"evaluations", evaluations}, {"estimated_seconds", evaluation * evaluations}};
    fmt::print(streams.out, "{}\n", plan.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return success();
  }
  fmt::print(streams.out, "model    {}\ntask     {}\nsites    {} x {} formats\nsegments {}\ntier     {}\nestimate {:.0f} s, {:.0f} FP32 evaluations of {} items\n",
             session->model_data.model_path, metrics::name(session->analysis.prober.task), sites.size(),
             session->analysis.candidates.size(), session->engine.segment_count(), sensitivity::name(session->analysis.tier),
             evaluation * evaluations, evaluations, data.items());
  return success();
}

}  // namespace posittune::cli
