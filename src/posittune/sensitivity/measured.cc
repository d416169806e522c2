// Measurements of an analysis, each kept in the journal.

#include "posittune/sensitivity/measured.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "posittune/engine/path_speed.h"
#include "posittune/engine/versions.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"
#include "posittune/records/numbers.h"
#include "posittune/sensitivity/analysis.h"

namespace posittune::sensitivity {
namespace {

using evaluation::Divergence;

constexpr std::size_t kFewestUnits = 8;  // before a measurement may end early

std::string identity_of(const data::Dataset* data) {
  return data == nullptr ? "" : data->identity() + "/" + std::to_string(data->items());
}

bool needs_calibration(const quant::Recipe& recipe) {
  const auto needs = [](const auto& entry) { return quant::needs_calibration(entry.second); };
  return std::ranges::any_of(recipe.activations, needs) ||
         std::ranges::any_of(recipe.weights, needs);
}

}  // namespace

std::string Analysis::key(const std::string& kind, const quant::Recipe& recipe,
                          bool on_search) const {
  std::map<std::string, std::string> parts = in_.identity;
  parts["kind"] = kind;
  parts["recipe"] = quant::to_yaml(recipe);
  parts["search"] = on_search ? identity_of(in_.search) : "";
  parts["calibrate"] = !on_search || needs_calibration(recipe) ? identity_of(in_.calibrate) : "";
  parts["segments"] = std::to_string(in_.engine->segment_count());
  parts.merge(engine::versions());
  return records::trial_key(parts);
}

Status Analysis::calibrate() {
  if (calibrated_) return success();
  const Stopwatch time(costs_[Tier::kProxy]);
  if (const Status seen = figures_->calibrate(); !seen) return seen.error();
  calibrated_ = true;
  return in_.journal->put(key("calibration", {}, false), "calibration",
                          records::entry_text(records::CalibrationEntry{time.seconds()}));
}

Status Analysis::run_fp32() {
  if (fp32_) return success();
  auto ran = figures_->run_fp32();
  if (!ran) return ran.error();
  fp32_ = std::move(*ran);
  return in_.journal->put(
      key("FP32", {}, true), "FP32",
      records::entry_text(records::Fp32Entry{fp32_->seconds, fp32_->cut_bytes}));
}

// `rule` says when it ends, as part of its key; reason_to_stop is asked after each batch but the
// last: empty goes on.
Result<Analysis::Measured> Analysis::measure(
    const quant::Recipe& recipe, const std::string& rule, Tier tier, const Advance& advance,
    const std::function<std::string(const Divergence&)>& reason_to_stop) {
  const std::string at = key(rule, recipe, true);
  auto known = in_.journal->find(at);
  if (!known) return known.error();
  if (*known) {
    auto kept = records::entry_from<records::ProbeEntry>(**known);
    if (kept) {
      costs_[tier].seconds += kept->seconds;
      ++costs_[tier].probes;
      return Measured{{std::move(kept->sums), std::move(kept->counts)}, std::move(kept->stopped)};
    }
    // Not what we write: measured again.
  }
  if (needs_calibration(recipe)) {
    if (const Status ready = calibrate(); !ready) return ready.error();
  }
  if (const Status ran = run_fp32(); !ran) return ran.error();
  const Stopwatch time(costs_[tier]);
  ++costs_[tier].probes;
  Measured result;
  const evaluation::Stop stop = [&](const Divergence& so_far) {
    result.stopped = reason_to_stop(so_far);
    return !result.stopped.empty();
  };
  auto measured =
      figures_->divergence(recipe, false, advance, reason_to_stop ? stop : evaluation::Stop{});
  if (!measured) return measured.error();
  result.divergence = std::move(*measured);
  const records::ProbeEntry entry{.sums = result.divergence.sums,
                                  .counts = result.divergence.counts,
                                  .stopped = result.stopped,
                                  .seconds = time.seconds()};
  if (const Status kept = in_.journal->put(at, "probe", records::entry_text(entry)); !kept)
    return kept.error();
  return result;
}

Result<Analysis::Measured> Analysis::measure(const quant::Recipe& recipe, bool whole,
                                             const std::vector<Measured>& rivals, Tier tier,
                                             const Advance& advance, const std::string& beside) {
  if (whole) return measure(recipe, "whole", tier, advance, {});
  const std::string rule = "stopped " + records::number_text(options_.precision) +
                           (options_.stop_dominated ? " dominated by " + beside : "");
  return measure(recipe, rule, tier, advance, [&](const Divergence& so_far) -> std::string {
    if (so_far.units() < kFewestUnits) return "";
    const bool dominated = options_.stop_dominated &&
                           std::any_of(rivals.begin(), rivals.end(), [&](const Measured& rival) {
                             const auto apart =
                                 evaluation::paired(so_far, rival.divergence, kSequential);
                             return apart.mean > apart.half_width;
                           });
    if (dominated) return "dominated";
    return so_far.half_width(kSequential) <= options_.precision * so_far.mean() ? "tight" : "";
  });
}

Result<Divergence> Analysis::kl_of(const quant::Recipe& recipe) {
  auto measured = measure(recipe, "whole", Tier::kExact, in_.report("", 0), {});
  if (!measured) return measured.error();
  return std::move(measured->divergence);
}

Result<Divergence> Analysis::kl_beside(const quant::Recipe& recipe, const quant::Recipe& other) {
  auto rival = kl_of(other);
  if (!rival) return rival.error();
  auto measured = measure(recipe, "beside " + quant::to_yaml(other), Tier::kExact,
                          in_.report("", 0), [&](const Divergence& so_far) -> std::string {
                            if (so_far.units() < kFewestUnits) return "";
                            const auto apart = evaluation::paired(so_far, *rival, kSequential);
                            return std::abs(apart.mean) > apart.half_width ? "decided" : "";
                          });
  if (!measured) return measured.error();
  return std::move(measured->divergence);
}

Result<double> Analysis::fp32_seconds() {
  if (const Status ran = run_fp32(); !ran) return ran.error();
  return fp32_->seconds;
}

}  // namespace posittune::sensitivity
