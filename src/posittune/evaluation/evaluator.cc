#include "posittune/evaluation/evaluator.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/evaluation/tensor_store.h"
#include "posittune/model/declared_shapes.h"

namespace posittune::evaluation {
namespace {

// Embeddings are measured on so many items, in four batches; fewer where that would take longer
// than so many calibrations.
constexpr std::size_t kEmbeddingItems = 32, kLeastEmbeddingItems = 8, kCalibrations = 16;

records::Estimate to_record(const metrics::Estimate& estimate) {
  return {estimate.value, estimate.low, estimate.high};
}

Status observe(engine::Engine& engine, const data::Dataset& data, std::size_t batch,
               const std::string& output, const Advance& advance) {
  const std::size_t limit = batch_limit(engine.graph());
  const std::size_t whole = limit == std::numeric_limits<std::size_t>::max() ? 1 : limit;
  // Padding is no data, but where there is no whole batch, the items there are must do.
  const auto passed_over = [&](std::size_t first) {
    return first > 0 && data.items() - first < whole;
  };
  const Status calibrated = for_each_batch(
      data, batch, [&](std::size_t, std::size_t first, const Tensors& inputs) -> Status {
        const std::size_t items = std::min(batch, data.items() - first);
        if (passed_over(first)) return advance(items);
        const Status seen = run_items(engine, data, first, items, inputs,
                                      [&](const Tensors& some) { return engine.calibrate(some); });
        if (!seen) return seen.error();
        return advance(items);
      });
  if (!calibrated || engine.embedding_runs() == 0) return calibrated;
  // Nothing can be learnt from how integers move: then embeddings are rounded to nearest.
  const std::string name = output.empty() ? default_output(engine.graph()) : output;
  const auto found = std::ranges::find(engine.graph().outputs, name, &TensorInfo::name);
  if (found != engine.graph().outputs.end() && found->type != ElementType::kF32) return calibrated;
  // Batches of a size of their own: what is measured must not depend on --batch.
  const std::size_t runs = kCalibrations * data.items() / engine.embedding_runs();
  const std::size_t items =
      std::min(data.items(), std::clamp(runs, kLeastEmbeddingItems, kEmbeddingItems));
  const std::size_t part = whole > 1 || limit == 1 ? whole : std::max<std::size_t>(1, items / 4);
  for (std::size_t first = 0; first < items && !passed_over(first); first += part) {
    auto inputs = data.batch(first, std::min(part, (whole > 1 ? data.items() : items) - first));
    if (!inputs) return inputs.error();
    if (const Status measured =
            engine.measure_embeddings(*inputs, name, [&] { return advance(0); });
        !measured)
      return of_data(measured.error(), data);
  }
  return success();
}

}  // namespace

Status calibrate(engine::Engine& engine, const data::Dataset& data, std::size_t batch,
                 const std::string& output, const Advance& advance) {
  const Status seen = within_memory(data.description().path,
                                    [&] { return observe(engine, data, batch, output, advance); });
  if (seen) return seen;
  engine.forget_calibration();
  Error error = seen.error();
  if (error.kind == ErrorKind::kInput) error.where = "calibrate: " + error.where;
  return error;
}

Evaluator::Evaluator(engine::Engine& engine, const data::Dataset& data, Options options)
    : engine_(&engine),
      data_(&data),
      options_(std::move(options)),
      reference_(std::make_shared<TensorStore>(options_.memory_limit, options_.scratch_folder)) {
  if (options_.scorer.output.empty()) options_.scorer.output = default_output(engine.graph());
}

metrics::Scorer Evaluator::make_scorer() const {
  std::vector<std::int64_t> units;
  for (const auto unit : data_->units()) units.push_back(static_cast<std::int64_t>(unit));
  return {options_.task, options_.scorer, data_->annotations(), std::move(units)};
}

Result<Tensors> Evaluator::run(std::size_t first, const Tensors& inputs) {
  const std::size_t items = std::min(batch_, data_->items() - first);
  auto outputs = outputs_of(*engine_, *data_, first, items, inputs);
  if (!outputs) return outputs.error();
  if (const Status rows = check_rows(*outputs, options_.scorer.output, first, items); !rows)
    return rows.error();
  return outputs;
}

Result<Evaluator> Evaluator::create(engine::Engine& engine, const data::Dataset& data,
                                    const Options& options, const Advance& advance,
                                    const Watch& watch) {
  return within_memory(data.description().path, [&]() -> Result<Evaluator> {
    Evaluator evaluator(engine, data, options);
    if (const Status plain = engine.apply({}); !plain) return plain.error();
    auto batch = choose_batch(engine, data, options.batch, evaluator.options_.scorer.output);
    if (!batch) return batch.error();
    evaluator.batch_ = batch->items;
    if (const Status ran = evaluator.run_fp32(*batch, advance, watch); !ran) return ran.error();
    return evaluator;
  });
}

Status Evaluator::run_fp32(const Batch& batch, const Advance& advance, const Watch& watch) {
  metrics::Scorer scorer = make_scorer();
  const Status ran = for_each_batch(
      *data_, batch_, [&](std::size_t, std::size_t first, const Tensors& inputs) -> Status {
        auto outputs = run(first, inputs);
        if (!outputs) return outputs.error();
        if (const Status agree = model::check_declared(engine_->graph(), *outputs); !agree)
          return agree.error();
        if (const Status finite = check_reference(*outputs, options_.scorer.output, first); !finite)
          return finite.error();
        if (first == 0) {
          if (const Status apart =
                  check_items_are_independent(batch, *outputs, options_.scorer.output);
              !apart)
            return apart.error();
        }
        if (const Status scored = scorer.add(first, inputs, *outputs, *outputs); !scored)
          return scored.error();
        if (watch) {
          if (const Status seen = watch(first, *outputs); !seen) return seen.error();
        }
        if (const Status kept = reference_->append(std::move(*outputs)); !kept) return kept.error();
        return advance(std::min(batch_, data_->items() - first));
      });
  if (!ran) return ran.error();
  auto samples = scorer.finish();
  if (!samples) return samples.error();
  fp32_ = metrics::measure_all(*samples, options_.bootstrap);
  return success();
}

Result<std::vector<metrics::Measured>> Evaluator::measure(const quant::Recipe& recipe,
                                                          const Advance& advance,
                                                          const Watch& watch) {
  if (const Status applied = engine_->apply(recipe); !applied) return applied.error();
  return within_memory(data_->description().path, [&] { return run_recipe(advance, watch); });
}

Result<std::vector<metrics::Measured>> Evaluator::run_recipe(const Advance& advance,
                                                             const Watch& watch) {
  metrics::Scorer scorer = make_scorer();
  item_losses_.clear();
  Tensors buffer;
  const Status ran = for_each_batch(
      *data_, batch_, [&](std::size_t index, std::size_t first, const Tensors& inputs) -> Status {
        auto outputs = run(first, inputs);
        if (!outputs) return outputs.error();
        auto reference = reference_->read(index, buffer);
        if (!reference) return reference.error();
        if (const Status scored = scorer.add(first, inputs, **reference, *outputs); !scored)
          return scored.error();
        auto losses = metrics::divergence(options_.task, options_.scorer, inputs,
                                          (*reference)->at(options_.scorer.output),
                                          outputs->at(options_.scorer.output), first);
        if (!losses) return losses.error();
        item_losses_.insert(item_losses_.end(), losses->begin(), losses->end());
        if (watch) {
          if (const Status seen = watch(first, *outputs); !seen) return seen.error();
        }
        return advance(std::min(batch_, data_->items() - first));
      });
  if (!ran) return ran.error();
  nonfinite_ = scorer.nonfinite();
  auto samples = scorer.finish();
  if (!samples) return samples.error();
  return metrics::measure_all(*samples, options_.bootstrap);
}

Result<std::map<std::string, records::MetricResult>> Evaluator::compare(
    const std::vector<metrics::Measured>& measured) const {
  auto compared = metrics::compare(fp32_, measured);
  if (!compared) return compared.error();
  std::map<std::string, records::MetricResult> results;
  for (const metrics::Comparison& comparison : *compared) {
    results[comparison.metric.name] = {
        .value = to_record(comparison.estimate),
        .delta = to_record(comparison.difference),
        .noise = comparison.better_than_fp32,
        .lower_is_better = comparison.metric.direction == metrics::Direction::kLowerIsBetter,
        .unit = comparison.metric.unit,
        .rank = static_cast<std::uint64_t>(comparison.metric.rank),
        .version = comparison.metric.version};
  }
  return results;
}

}  // namespace posittune::evaluation
