#include "posittune/evaluation/evaluator.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "posittune/evaluation/tensor_store.h"

namespace posittune::evaluation {
namespace {

constexpr std::size_t kBatchBytes = 64UL << 20;  // of outputs, for one batch
constexpr std::size_t kMostItems = 16;           // more are no faster

records::Estimate to_record(const metrics::Estimate& estimate) {
  return {estimate.value, estimate.low, estimate.high};
}

// An error that data cause names them.
Error of_data(Error error, const data::Dataset& data) {
  const std::string& path = data.description().path;
  if (error.kind == ErrorKind::kInput && error.where.find(path) == std::string::npos) {
    error.where = path + (error.where.empty() ? "" : ", " + error.where);
  }
  return error;
}

Status for_each_batch(const data::Dataset& data, std::size_t batch,
                      const std::function<Status(std::size_t index, std::size_t first, Tensors inputs)>& body) {
  for (std::size_t first = 0, index = 0; first < data.items(); first += batch, ++index) {
    auto inputs = data.batch(first, std::min(batch, data.items() - first));
    if (!inputs) return inputs.error();
    if (const Status done = body(index, first, std::move(*inputs)); !done) return of_data(done.error(), data);
  }
  return success();
}

}  // namespace

std::size_t batch_limit(const model::Graph& graph) {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  for (const TensorInfo& input : graph.inputs) {
    if (!input.dims.empty() && input.dims[0] >= 0) limit = std::min(limit, static_cast<std::size_t>(input.dims[0]));
  }
  return limit;
}

metrics::Task guess_task(const model::Graph& graph, const data::Dataset& data) {
  const auto& outputs = graph.outputs;
  const bool images = std::any_of(graph.inputs.begin(), graph.inputs.end(),
                                  [](const TensorInfo& input) { return input.dims.size() == 4; });
  const bool single = outputs.size() == 1;
  if (!data.annotations().boxes.empty()) return metrics::Task::kDetect;
  if (!data.annotations().labels.empty()) return metrics::Task::kClassify;
  if (images && single && outputs[0].dims.size() == 3 && outputs[0].dims[1] > 4) return metrics::Task::kDetect;
  const bool tokens = std::any_of(graph.inputs.begin(), graph.inputs.end(),
                                  [](const TensorInfo& input) { return input.name == "input_ids"; });
  const auto logits = std::find_if(outputs.begin(), outputs.end(),
                                   [](const TensorInfo& output) { return output.name == "logits"; });
  if (tokens && logits != outputs.end() && logits->dims.size() == 3) return metrics::Task::kLanguageModel;
  if (logits != outputs.end() && logits->dims.size() == 2) return metrics::Task::kClassify;
  return metrics::Task::kGeneric;
}

Status calibrate(engine::Engine& engine, const data::Dataset& data, std::size_t batch, const Advance& advance) {
  return for_each_batch(data, batch, [&](std::size_t, std::size_t first, const Tensors& inputs) -> Status {
    if (const Status seen = engine.calibrate(inputs); !seen) return seen.error();
    return advance(std::min(batch, data.items() - first));
  });
}

Evaluator::Evaluator(engine::Engine& engine, const data::Dataset& data, Options options)
    : engine_(&engine),
      data_(&data),
      options_(std::move(options)),
      reference_(std::make_shared<TensorStore>(options_.memory_limit, options_.scratch_folder)) {
  // The model's first output, not the first by name.
  if (options_.scorer.output.empty() && !engine.graph().outputs.empty()) {
    options_.scorer.output = engine.graph().outputs.front().name;
  }
}

metrics::Scorer Evaluator::make_scorer() const {
  std::vector<std::int64_t> units;
  for (const auto unit : data_->units()) units.push_back(static_cast<std::int64_t>(unit));
  return {options_.task, options_.scorer, data_->annotations(), std::move(units)};
}

Status Evaluator::choose_batch() {
  batch_ = options_.batch;
  if (batch_ == 0) {
    auto inputs = data_->batch(0, 1);
    if (!inputs) return inputs.error();
    auto outputs = engine_->run(*inputs);
    if (!outputs) return of_data(outputs.error(), *data_);
    std::size_t bytes = 1;
    for (const auto& [name, tensor] : *outputs) bytes += tensor.bytes.size();
    batch_ = std::clamp<std::size_t>(kBatchBytes / bytes, 1, kMostItems);
  }
  batch_ = std::min(batch_, batch_limit(engine_->graph()));
  return success();
}

Result<Evaluator> Evaluator::create(engine::Engine& engine, const data::Dataset& data, const Options& options,
                                    const Advance& advance, const Watch& watch) {
  Evaluator evaluator(engine, data, options);
  if (const Status plain = engine.apply({}); !plain) return plain.error();
  if (const Status chosen = evaluator.choose_batch(); !chosen) return chosen.error();
  metrics::Scorer scorer = evaluator.make_scorer();
  const Status ran = for_each_batch(data, evaluator.batch_, [&](std::size_t, std::size_t first, const Tensors& inputs) -> Status {
    auto outputs = engine.run(inputs);
    if (!outputs) return outputs.error();
    if (const Status scored = scorer.add(first, inputs, *outputs, *outputs); !scored) return scored.error();
    if (watch) {
      if (const Status seen = watch(first, *outputs); !seen) return seen.error();
    }
    if (const Status kept = evaluator.reference_->append(std::move(*outputs)); !kept) return kept.error();
    return advance(std::min(evaluator.batch_, data.items() - first));
  });
  if (!ran) return ran.error();
  auto samples = scorer.finish();
  if (!samples) return samples.error();
  evaluator.fp32_ = metrics::measure_all(*samples, options.bootstrap);
  return evaluator;
}

Result<std::vector<metrics::Measured>> Evaluator::measure(const quant::Recipe& recipe, const Advance& advance,
                                                          const Watch& watch) {
  if (const Status applied = engine_->apply(recipe); !applied) return applied.error();
  metrics::Scorer scorer = make_scorer();
  const Status ran = for_each_batch(*data_, batch_, [&](std::size_t index, std::size_t first, const Tensors& inputs) -> Status {
    auto outputs = engine_->run(inputs);
    if (!outputs) return outputs.error();
    auto reference = reference_->read(index);
    if (!reference) return reference.error();
    if (const Status scored = scorer.add(first, inputs, *reference, *outputs); !scored) return scored.error();
    if (watch) {
      if (const Status seen = watch(first, *outputs); !seen) return seen.error();
    }
    return advance(std::min(batch_, data_->items() - first));
  });
  if (!ran) return ran.error();
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
    results[comparison.metric.name] = {.value = to_record(comparison.estimate),
                                       .delta = to_record(comparison.difference),
                                       .noise = comparison.better_than_fp32};
  }
  return results;
}

}  // namespace posittune::evaluation
