#include "posittune/tuning/row_maker.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "posittune/engine/path_speed.h"
#include "posittune/engine/versions.h"
#include "posittune/evaluation/item_losses.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"

namespace posittune::tuning {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kInterval = 1.96;  // standard errors to each side of 95 %

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

records::Estimate interval_of(const evaluation::Divergence& divergence) {
  const double mean = divergence.mean(), half = divergence.half_width(kInterval);
  return {mean, std::isfinite(half) ? std::max(0.0, mean - half) : kUnknown,
          std::isfinite(half) ? mean + half : kUnknown};
}

Result<evaluation::Evaluator> RowMaker::evaluate_on(const data::Dataset& data,
                                                    const std::string& title) {
  // Where the journal had all scores, nothing has asked for it yet.
  if (const Status ready = analysis_.calibrate(); !ready) return ready.error();
  return evaluation::Evaluator::create(*in_.engine, data, options_.evaluation,
                                       in_.progress(title, data.items()));
}

Result<RowMaker::Metrics> RowMaker::metrics_of(evaluation::Evaluator& evaluator,
                                               const data::Dataset& data,
                                               const quant::Recipe& recipe,
                                               const std::string& title) {
  auto measured = evaluator.measure(recipe, in_.progress(title, data.items()));
  if (!measured) return measured.error();
  return evaluator.compare(*measured);
}

std::string RowMaker::report_key(const quant::Recipe& recipe) const {
  std::map<std::string, std::string> parts = in_.identity;
  parts["kind"] = "report";
  parts["recipe"] = quant::to_yaml(recipe);
  parts["report"] = in_.report->identity() + "/" + std::to_string(in_.report->items());
  parts["calibrate"] = in_.calibrate->identity() + "/" + std::to_string(in_.calibrate->items());
  parts["bootstrap"] = std::to_string(options_.evaluation.bootstrap.resamples) + "/" +
                       std::to_string(options_.evaluation.bootstrap.seed);
  if (!options_.evaluation.scorer.custom.empty())
    parts["metrics"] = metrics::identity(options_.evaluation.scorer.custom);
  parts.merge(engine::versions());
  return records::trial_key(parts);
}

Status RowMaker::add_report_metrics(records::SearchRow& row, records::ItemsEntry& items,
                                    const quant::Recipe& recipe, const std::string& title) {
  const std::string key = report_key(recipe);
  auto known = in_.journal->find(key);
  if (!known) return known.error();
  auto known_items = evaluation::find_items(*in_.journal, key);
  if (!known_items) return known_items.error();
  items = std::move(*known_items);
  if (*known) {
    auto before = records::entry_from<records::SearchRow>(**known);
    if (!before) return before.error();
    row.metrics = std::move(before->metrics);
    row.seconds = before->seconds;
    row.nonfinite = before->nonfinite;
    return success();
  }
  const auto start = Clock::now();
  if (!evaluator_) {
    auto made = evaluate_on(*in_.report, "FP32 on report");
    if (!made) return made.error();
    evaluator_.emplace(std::move(*made));
  }
  auto metrics = metrics_of(*evaluator_, *in_.report, recipe, title);
  if (!metrics) return metrics.error();
  // Before the row, so that a row that is there has them.
  if (const Status kept = evaluation::put_items(*in_.journal, key, evaluator_->item_losses());
      !kept)
    return kept;
  auto kept_items = evaluation::find_items(*in_.journal, key);
  if (!kept_items) return kept_items.error();
  items = std::move(*kept_items);
  row.metrics = std::move(*metrics);
  row.nonfinite = evaluator_->nonfinite();
  row.seconds = seconds_since(start);
  return in_.journal->put(key, "report row", records::entry_text(row));
}

Result<double> RowMaker::mean_input_bits(const quant::Recipe& recipe) const {
  const model::Graph& graph = in_.engine->graph();
  double bits = 0;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    if (!in_.engine->chosen(l) || !graph.layers[l].weight) continue;
    const auto input = recipe.activations.find(graph.layers[l].name);
    const auto weight = recipe.weights.find(graph.weights[*graph.layers[l].weight].name);
    auto part = in_.model->layer_cost(
        l, weight == recipe.weights.end() ? std::nullopt : std::optional(weight->second),
        input == recipe.activations.end() ? std::nullopt : std::optional(input->second));
    if (!part) return part.error();
    bits += part->input_bits;
  }
  return in_.size.inputs > 0 ? bits / in_.size.inputs : kUnknown;
}

Result<records::SearchRow> RowMaker::describe(const Plan& plan) const {
  records::SearchRow row;
  row.method = plan.method;
  row.budget = plan.budget;
  auto cost = in_.model->recipe_cost(plan.recipe);
  if (!cost) return cost.error();
  row.bits_per_weight = in_.engine->bits_per_weight(plan.recipe);
  row.bytes = (row.bits_per_weight * in_.size.weights + in_.size.other_bits) / 8;
  auto activation_bits = mean_input_bits(plan.recipe);
  if (!activation_bits) return activation_bits.error();
  row.activation_bits = *activation_bits;
  row.mac_bits = cost->macs > 0 ? cost->mac_bits / cost->macs : kUnknown;
  row.energy = cost->energy_pj;
  row.area = cost->mean_area_um2;
  row.predicted_loss = plan.predicted;
  row.optimality_gap = plan.gap;
  return row;
}

}  // namespace posittune::tuning
