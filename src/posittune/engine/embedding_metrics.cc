#include "posittune/engine/embedding_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <openvino/op/add.hpp>
#include <openvino/op/convert.hpp>
#include "posittune/base/mix.h"
#include "posittune/engine/engine_state.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kSums = 4096;       // of a folded output
constexpr double kStep = 0.1;             // of a table's root mean square
constexpr std::size_t kHeldOutOf = 4;     // batches: the last of so many is held out

double sign_of(std::uint64_t bits) { return (bits >> 63) != 0 ? -1.0 : 1.0; }

// The last of the additions that alone read a node's output: tables that end at the same one share J.
const ov::Node* sum_of(const ov::Node* node) {
  for (;;) {
    const auto readers = node->get_output_target_inputs(0);
    if (readers.size() != 1) return node;
    const ov::Node* reader = readers.begin()->get_node();
    if (!ov::is_type<ov::op::v1::Add>(reader) && !ov::is_type<ov::op::v0::Convert>(reader)) return node;
    node = reader;
  }
}

}  // namespace

std::vector<float> shaken_table(const std::vector<float>& values, std::size_t cols, std::size_t k, double step, std::uint64_t seed) {
  std::vector<float> shaken = values;
  for (std::size_t r = 0; r * cols < values.size(); ++r) {
    shaken[r * cols + k] += static_cast<float>(step * sign_of(mix((r + 1) * kGolden + seed)));
  }
  return shaken;
}

double shaking_step(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return kStep * std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, values.size())));
}

std::vector<float> folded_difference(std::span<const float> shaken, std::span<const float> plain, double step) {
  const std::size_t count = std::min(shaken.size(), plain.size());
  std::vector<double> sums(std::min(count, kSums), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = double{shaken[i]} - plain[i];
    if (!std::isfinite(difference)) continue;
    const std::uint64_t bits = mix((i + 1) * kGolden);
    if (count <= kSums) {
      sums[i] = difference / step;
    } else {
      sums[bits % kSums] += sign_of(bits) * difference / step;
    }
  }
  return {sums.begin(), sums.end()};
}

// Tables of at most `columns` that nothing but chosen embeddings reads; of those with one J, that of most rows is changed.
void Engine::State::plan_embedding_metrics(std::size_t columns) {
  metric_of.resize(graph.weights.size());
  std::map<const ov::Node*, std::size_t> known;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    std::vector<std::size_t> layers;
    std::copy_if(weight.layers.begin(), weight.layers.end(), std::back_inserter(layers), [&](std::size_t l) { return chosen[l]; });
    const bool embeds = std::all_of(layers.begin(), layers.end(), [&](std::size_t l) { return graph.layers[l].kind == model::LayerKind::kEmbedding; });
    if (layers.empty() || !embeds || weight.cols > columns) continue;
    const ov::Node* end = layers.size() == 1 ? sum_of(graph.layers[layers[0]].node.get()) : graph.layers[layers[0]].node.get();
    const auto [found, first] = known.try_emplace(end, metrics.size());
    if (first) metrics.push_back({w, InputCovariance(weight.cols, true), InputCovariance(weight.cols, true)});
    EmbeddingMetric& metric = metrics[found->second];
    if (graph.weights[metric.weight].cols != weight.cols) continue;  // broadcast: not the same J
    if (weight.rows > graph.weights[metric.weight].rows) metric.weight = w;
    metric_of[w] = found->second;
  }
}

const EmbeddingMetric* Engine::State::embedding_metric(std::size_t weight) const {
  if (!metric_of[weight]) return nullptr;
  const EmbeddingMetric& metric = metrics[*metric_of[weight]];
  return metric.seen.count() > 0 ? &metric : nullptr;
}

// J^T by columns of the table, elements of the output in rows: what a covariance takes for tokens.
Status Engine::State::measure(EmbeddingMetric& metric, const Tensors& inputs, std::span<const float> plain, const RunModel& run) {
  const WeightStore& store = *stores[metric.weight];
  const double step = shaking_step(store.values());
  if (!(step > 0)) return success();
  std::vector<NodeState*> readers;
  for (const std::size_t l : graph.weights[metric.weight].layers) {
    if (nodes[l]) readers.push_back(nodes[l].get());
  }
  const auto kept = readers.front()->setting.weight;
  const auto set = [&](const std::shared_ptr<const PreparedWeight>& weight) {
    for (NodeState* reader : readers) reader->setting.weight = weight;
  };
  std::vector<float> jacobian;  // elements of the output x cols
  std::size_t elements = 0;
  Status done = success();
  for (std::size_t k = 0; k < store.cols() && done; ++k) {
    auto shaken = std::make_shared<PreparedWeight>(PreparedWeight{.rows = store.rows(), .cols = store.cols(), .values = nullptr, .bf16 = {}, .int8 = {}, .unscale = {}});
    shaken->values = std::make_shared<const std::vector<float>>(shaken_table(store.values(), store.cols(), k, step, metric.batches));
    set(shaken);
    const auto output = run(inputs);
    if (!output) {
      done = output.error();
      break;
    }
    const std::vector<float> column = folded_difference(output->as<float>(), plain, step);
    elements = column.size();
    jacobian.resize(elements * store.cols());
    for (std::size_t i = 0; i < elements; ++i) jacobian[i * store.cols() + k] = column[i];
  }
  set(kept);
  if (!done) return done;
  const bool out = held_out && metric.batches % kHeldOutOf == kHeldOutOf - 1;
  (out ? metric.held : metric.seen).add(jacobian, {elements, store.cols()}, threads);
  ++metric.batches;
  return success();
}

bool Engine::measures_embeddings() const { return !state_->metrics.empty(); }

Status Engine::measure_embeddings(const Tensors& inputs) {
  if (state_->recipe != quant::Recipe{}) {
    return Error{.kind = ErrorKind::kUsage, .what = "embeddings are measured in FP32, but a recipe is applied"};
  }
  const std::string& name = state_->graph.outputs.front().name;
  const RunModel first_output = [&](const Tensors& of) -> Result<Tensor> {
    auto outputs = run(of);
    if (!outputs) return outputs.error();
    return std::move(outputs->at(name));
  };
  const auto plain = first_output(inputs);
  if (!plain) return plain.error();
  if (plain->type != ElementType::kF32) return success();
  for (EmbeddingMetric& metric : state_->metrics) {
    if (const Status measured = state_->measure(metric, inputs, plain->as<float>(), first_output); !measured) return measured.error();
  }
  state_->forget_calibration();
  return success();
}

}  // namespace posittune::engine
