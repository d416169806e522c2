// What is measured, through the journal.

#include "posittune/sensitivity/measured.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "posittune/engine/path_speed.h"
#include "posittune/engine/versions.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/journal.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/numbers.h"
#include "posittune/sensitivity/analysis.h"

namespace posittune::sensitivity {
namespace {

using evaluation::Divergence;
using nlohmann::json;

constexpr std::size_t kFewestUnits = 8;  // before a measurement may end early

std::string identity_of(const data::Dataset* data) {
  return data == nullptr ? "" : data->identity() + "/" + std::to_string(data->items());
}

bool needs_calibration(const quant::Recipe& recipe) {
  const auto fixed = [](const auto& entry) {
    return entry.second.scale != quant::ActivationScale::kToken &&
           quant::entry(entry.second.rule).of_data();
  };
  const auto weighted = [](const auto& entry) { return quant::needs_calibration(entry.second); };
  return std::any_of(recipe.activations.begin(), recipe.activations.end(), fixed) ||
         std::any_of(recipe.weights.begin(), recipe.weights.end(), weighted);
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
  if (in_.calibrate == nullptr) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "proxies, gains and static scales need calibration data",
                 .expected = "`calibrate=PATH`, or that key of a `data` file",
                 .hint = "or `tier=exact` with `what=w`"};
  }
  const Stopwatch time(costs_[Tier::kProxy]);
  if (const Status plain = in_.engine->apply({}); !plain) return plain.error();
  // What an engine was calibrated on before is not added to.
  if (in_.engine->calibrated()) in_.engine->forget_calibration();
  const std::string& asked = options_.prober.scorer.output;
  const std::string output =
      asked.empty() ? evaluation::default_output(in_.engine->graph()) : asked;
  auto batch = evaluation::choose_batch(*in_.engine, *in_.calibrate, options_.batch, output);
  if (!batch) return batch.error();
  if (options_.tier == Tier::kProxy) {  // else FP32's run of the search data is looked at
    if (const Status good =
            evaluation::check_first_batch(*in_.engine, *in_.calibrate, *batch, output);
        !good)
      return evaluation::of_data(good.error(), *in_.calibrate);
  }
  const auto advance = in_.report("calibrate", in_.calibrate->items());
  if (const Status seen =
          evaluation::calibrate(*in_.engine, *in_.calibrate, batch->items, output, advance);
      !seen)
    return seen.error();
  calibrated_ = true;
  return in_.journal->put(key("calibration", {}, false), "calibration",
                          json{{"seconds", time.seconds()}});
}

Result<evaluation::Prober*> Analysis::prober() {
  if (prober_) return &*prober_;
  if (in_.search == nullptr) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "KL is measured on search data, and there are none",
                 .expected = "`search=PATH`, or that key of a `data` file",
                 .hint = "or `tier=proxy`"};
  }
  auto made = evaluation::Prober::create(*in_.engine, *in_.search, options_.prober,
                                         in_.report("FP32", in_.search->items()));
  if (!made) return made.error();
  prober_.emplace(std::move(*made));
  const json run = {{"seconds", prober_->fp32_seconds()}, {"cut_bytes", prober_->cut_bytes()}};
  if (const Status kept = in_.journal->put(key("FP32", {}, true), "FP32", run); !kept)
    return kept.error();
  return &*prober_;
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
    auto measured = records::guarded([&] {
      const records::Place entry(**known, "");
      costs_[tier].seconds += entry["seconds"].number();
      return Measured{{records::read<std::vector<double>>(entry["sums"]),
                       records::read<std::vector<double>>(entry["counts"])},
                      entry["stopped"].text()};
    });
    if (measured) {
      ++costs_[tier].probes;
      return measured;
    }
    // Not what we write: measured again.
  }
  if (needs_calibration(recipe)) {
    if (const Status ready = calibrate(); !ready) return ready.error();
  }
  auto with = prober();
  if (!with) return with.error();
  const Stopwatch time(costs_[tier]);
  ++costs_[tier].probes;
  Measured result;
  const evaluation::Stop stop = [&](const Divergence& so_far) {
    result.stopped = reason_to_stop(so_far);
    return !result.stopped.empty();
  };
  auto measured = (*with)->measure(recipe, (*with)->first_segment(recipe), advance,
                                   reason_to_stop ? stop : evaluation::Stop{});
  if (!measured) return measured.error();
  result.divergence = std::move(*measured);
  const json payload = {{"sums", records::json_value(result.divergence.sums)},
                        {"counts", records::json_value(result.divergence.counts)},
                        {"stopped", result.stopped},
                        {"seconds", time.seconds()}};
  if (const Status kept = in_.journal->put(at, "probe", payload); !kept) return kept.error();
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
  auto with = prober();
  if (!with) return with.error();
  return (*with)->fp32_seconds();
}

}  // namespace posittune::sensitivity
