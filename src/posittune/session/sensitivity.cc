// Session::sensitivity.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/run_folder.h"
#include "posittune/report/plot.h"
#include "posittune/report/scored_text.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

using report::loss_title;
using sensitivity::Analysis;
using sensitivity::Candidate;
using sensitivity::Operand;
using sensitivity::Tier;

Result<Candidate> make_candidate(const SensitivityOptions& options, const std::string& format,
                                 quant::ScaleRule rule) {
  auto weight = weight_setting(options.settings, format, rule);
  if (!weight) return weight.error();
  // Nothing is searched for per token.
  const quant::ActivationScale scale = options.settings.activation_scale;
  const bool token = scale == quant::ActivationScale::kToken;
  Candidate candidate;
  candidate.activation = {weight->format, token ? quant::token_rule(weight->format, rule) : rule,
                          scale};
  candidate.weight = std::move(*weight);
  return candidate;
}

Result<sensitivity::Options> analysis_options(const SensitivityOptions& options) {
  sensitivity::Options made;
  made.operands = options.what;
  made.tier = options.tier;
  for (const std::string& format : options.formats) {
    for (const quant::ScaleRule scale : options.scales) {
      auto candidate = make_candidate(options, format, scale);
      if (!candidate) return of_field(candidate.error(), "formats");
      const auto same = [&](const Candidate& other) { return other.weight == candidate->weight; };
      if (std::none_of(made.candidates.begin(), made.candidates.end(), same))
        made.candidates.push_back(*candidate);
    }
  }
  auto reference = make_candidate(options, options.measuring.reference, options.scales.front());
  if (!reference) return of_field(reference.error(), "reference");
  made.reference = *reference;
  made.precision = options.no_early_stop ? 0 : options.precision;
  made.stop_dominated = !options.no_early_stop;
  made.spot_checks = options.spot_checks;
  made.naive = options.naive;
  made.seed = options.measuring.seed;
  made.batch = options.measuring.batch;
  return made;
}

bool needs_calibration(const sensitivity::Options& options) {
  return std::any_of(options.candidates.begin(), options.candidates.end(),
                     [](const Candidate& each) { return quant::needs_calibration(each.weight); });
}

bool quantizes_inputs(const sensitivity::Options& options) {
  return std::any_of(options.operands.begin(), options.operands.end(),
                     [](Operand operand) { return operand != Operand::kWeight; });
}

// What windows of channels are upgraded from, and to.
struct Upgrade {
  Candidate from, into;
};
Result<Upgrade> make_upgrade(const SensitivityOptions& options) {
  auto from = make_candidate(options, options.upgrade_from, options.scales.front());
  if (!from) return of_field(from.error(), "upgrade_from");
  auto into = make_candidate(options, options.upgrade_to, options.scales.front());
  if (!into) return of_field(into.error(), "upgrade_to");
  if (into->format().bits > from->format().bits) return Upgrade{std::move(*from), std::move(*into)};
  return Error{.kind = ErrorKind::kUsage,
               .what = "windows are upgraded to a format of more bits",
               .where = "`upgrade_from` and `upgrade_to`",
               .found = options.upgrade_from + " to " + options.upgrade_to};
}

Status check_extras(const SensitivityOptions& options, const sensitivity::Options& analysis) {
  const auto refused = [](const std::string& what, const std::string& hint) {
    return Error{.kind = ErrorKind::kUsage, .what = what, .hint = hint};
  };
  if (options.exact_channels > 0 && options.channels == 0) {
    return refused("`exact_channels` measures windows of `channels`, and there are none",
                   "add `channels=64`");
  }
  const auto mixable = [](const Candidate& each) {
    return each.format().bits >= 4 && each.format().bits <= 8;
  };
  if (options.mixes > 0 &&
      std::none_of(analysis.candidates.begin(), analysis.candidates.end(), mixable)) {
    return refused("mixes are made of formats of 4 to 8 bits, and none is among `formats`",
                   "add some to `formats`");
  }
  return success();
}

Status add_extras(const SensitivityOptions& options, const std::optional<Upgrade>& upgrade,
                  Analysis& analysis, records::Sensitivity& result) {
  if (options.channels > 0) {
    if (const Status done = analysis.add_channels(options.channels, options.exact_channels, result);
        !done)
      return done.error();
  }
  if (options.mixes > 0) {
    if (const Status done = analysis.add_mixes(options.mixes, result); !done) return done.error();
  }
  if (!upgrade) return success();
  return analysis.add_upgrades(upgrade->from, upgrade->into,
                               options.channels > 0 ? options.channels : 64, options.upgrade_points,
                               result);
}

std::string upgrade_plot(const records::Sensitivity& result) {
  report::Plot plot{.title = loss_title(result.scored) + " as windows of channels are upgraded",
                    .x_label = "bits per weight",
                    .y_label = loss_title(result.scored) + " to FP32",
                    .series = {}};
  for (const records::UpgradeRecord& each : result.upgrades) {
    const std::string name = each.order == "error"   ? "by |dW|^2"
                             : each.order == "score" ? "by score"
                                                     : each.order;
    if (plot.series.empty() || plot.series.back().name != name)
      plot.series.push_back({name, {}, {}});
    plot.series.back().x.push_back(each.bits_per_weight);
    plot.series.back().y.push_back(each.loss);
  }
  return report::to_svg(plot);
}

}  // namespace

struct SessionState::SensitivityJob {
  sensitivity::Options analysis;
  Ready ready;
};

struct SensitivityParts {
  sensitivity::Options analysis;
  std::optional<Upgrade> upgrade{};
};

Result<CheckedSensitivity> check(const SensitivityOptions& options) {
  for (const Status& ok :
       {check_measuring(options.measuring, kSensitivityJob),
        check_some("formats", options.formats.empty()), check_some("what", options.what.empty()),
        check_some("scales", options.scales.empty()),
        check_range("precision", options.precision, 0.001, 10),
        check_range("channels", options.channels, 0, 1 << 20),
        check_range("mixes", options.mixes, 0, 10000),
        check_range("upgrade_points", options.upgrade_points, 0, 1000),
        check_range("spot_checks", options.spot_checks, 0, 100000),
        check_range("exact_channels", options.exact_channels, 0, 1 << 20),
        check_range("naive", options.naive, 0, 10000)}) {
    if (!ok) return ok.error();
  }
  auto analysis = analysis_options(options);
  if (!analysis) return analysis.error();
  if (const Status fit = check_extras(options, *analysis); !fit) return fit.error();
  SensitivityParts parts{std::move(*analysis)};
  auto upgrade = make_upgrade(options);
  if (!upgrade) return upgrade.error();
  if (options.upgrade_points > 0) parts.upgrade = std::move(*upgrade);
  return CheckedSensitivity(options, std::make_shared<const SensitivityParts>(std::move(parts)));
}

Result<SessionState::SensitivityJob> SessionState::sensitivity_job(
    const CheckedSensitivity& checked) {
  const SensitivityOptions& options = checked.options();
  sensitivity::Options analysis = checked.parts().analysis;
  if (selection_.attention && !quantizes_inputs(analysis)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "`attention` adds products of inputs, and `what=w` has no inputs",
                 .hint = "add `what=a` or `what=wa`"};
  }
  if (const Status some = check_chosen(); !some) return some.error();
  const bool extras = options.channels > 0 || options.mixes > 0 || options.upgrade_points > 0;
  if (!splits_.calibrate && (analysis.tier != Tier::kExact || extras)) {
    return data::missing_split("calibrate", "proxies and gains need calibration data",
                               "or `tier=exact`");
  }
  if (!splits_.calibrate && needs_calibration(analysis)) {
    return data::missing_split(
        "calibrate",
        "`input_weighted`, `rounding=compensated` and `bias_correction` need calibration data");
  }
  if (!splits_.search && (analysis.tier != Tier::kProxy || extras)) {
    return data::missing_split("search", "KL is measured on search data, and there are none",
                               "or `tier=proxy`");
  }
  const bool compensated = options.settings.weight.rounding == quant::Rounding::kCompensated;
  auto ready = prepare(splits_.search ? *splits_.search : *splits_.calibrate, options.scores,
                       {.segments = options.measuring.segments,
                        .covariance_bytes = splits_.calibrate ? kCovarianceBytes : 0,
                        .held_out = compensated,
                        .embedding_columns = compensated ? kEmbeddingColumns : 0});
  if (!ready) return ready.error();
  analysis.prober.batch = options.measuring.batch;
  analysis.prober.cache_limit = options.measuring.cache_limit;
  analysis.prober.task = ready->scored.task;
  analysis.prober.scorer = ready->scored.scorer;
  return SensitivityJob{std::move(analysis), std::move(*ready)};
}

Result<SensitivityResult> SessionState::sensitivity(const CheckedSensitivity& checked) {
  const SensitivityOptions& options = checked.options();
  auto job = sensitivity_job(checked);
  if (!job) return job.error();
  const data::Dataset* calibrate = splits_.calibrate ? &*splits_.calibrate : nullptr;
  const data::Dataset* searched = splits_.search ? &*splits_.search : nullptr;
  // Formats, tiers and extras may change from call to call: each row has its own key.
  std::string config = fmt::format("seed: {}\nsegments: {}\n", options.measuring.seed,
                                   job->ready.engine.segment_count());
  if (searched != nullptr) config += fmt::format("search_items: {}\n", searched->items());
  if (calibrate != nullptr) config += fmt::format("calibrate_items: {}\n", calibrate->items());
  auto folder = open_folder("sensitivity", job->ready, config, options.measuring, "report");
  if (!folder) return folder.error();
  job->analysis.prober.scratch_folder = folder->path();
  sensitivity::Inputs inputs{
      .engine = &job->ready.engine,
      .calibrate = calibrate,
      .search = searched,
      .journal = &folder->journal(),
      .identity = {{"model", identity_},
                   {"task", metrics::identity(job->ready.scored.task, job->ready.scored.scorer)}},
      .report = reporter()};
  Analysis analysis(std::move(inputs), job->analysis);
  auto result = analysis.run();
  if (!result) {
    folder->forget_if_empty();
    return result.error();
  }
  if (const Status done = add_extras(options, checked.parts().upgrade, analysis, *result); !done)
    return done.error();
  if (options.settings.activation_scale == quant::ActivationScale::kOutput &&
      quantizes_inputs(job->analysis))
    note_undecided(job->ready.engine);
  analysis.set_costs(*result);
  result->scored = evaluation::to_record(job->ready.scored);
  result->model = model_record();
  if (calibrate != nullptr) result->data["calibrate"] = record_of(*calibrate);
  if (searched != nullptr) result->data["search"] = record_of(*searched);
  if (const Status ok = write_file(folder->file("results.json"), records::json_text(*result)); !ok)
    return ok.error();
  if (const Status ok = write_file(folder->file("results.csv"), records::csv_text(result->rows));
      !ok)
    return ok.error();
  if (!result->channels.empty()) {
    if (const Status ok =
            write_file(folder->file("channels.csv"), records::csv_text(result->channels));
        !ok)
      return ok.error();
  }
  if (!result->upgrades.empty()) {
    if (const Status ok = write_file(folder->file("upgrades.svg"), upgrade_plot(*result)); !ok)
      return ok.error();
  }
  return SensitivityResult{std::move(*result), folder->path()};
}

Result<SensitivityPlan> SessionState::estimate(const CheckedSensitivity& checked) {
  const SensitivityOptions& options = checked.options();
  auto job = sensitivity_job(checked);
  if (!job) return job.error();
  const data::Dataset& data = splits_.search ? *splits_.search : *splits_.calibrate;
  auto one = time_item(job->ready.engine, data);
  if (!one) return one.error();
  const std::size_t sites =
                        sensitivity::list_sites(job->ready.engine, job->analysis.operands).size(),
                    formats = job->analysis.candidates.size();
  // A suffix run is half of a whole one on average.
  const double gains = job->analysis.tier == Tier::kProxy ? 0 : 0.6 * static_cast<double>(sites);
  const double exact =
      job->analysis.tier == Tier::kExact ? 0.6 * static_cast<double>(sites * formats) : 0;
  const double evaluations =
      3 + gains + exact + static_cast<double>(options.mixes + 3 * options.upgrade_points);
  return SensitivityPlan{.model = source_.model,
                         .task = std::string(metrics::name(job->analysis.prober.task)),
                         .tier = std::string(sensitivity::name(job->analysis.tier)),
                         .sites = sites,
                         .formats = formats,
                         .segments = job->ready.engine.segment_count(),
                         .items = data.items(),
                         .evaluations = evaluations,
                         .seconds = *one * static_cast<double>(data.items()) * evaluations};
}

}  // namespace posittune::session
