#include "posittune/engine/embedding_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <openvino/op/add.hpp>
#include <openvino/op/convert.hpp>

#include "posittune/base/memory.h"
#include "posittune/base/mix.h"
#include "posittune/engine/engine_state.h"

namespace posittune::engine {
namespace {

using model::LayerKind;

constexpr std::size_t kSums = 4096;    // of a folded output
constexpr double kStep = 0.1;          // of a table's root mean square
constexpr std::size_t kHeldOutOf = 4;  // batches: the last of so many is held out

// Another table in the nodes that read a weight, as long as this lives.
class Exchanged {
 public:
  Exchanged(std::vector<NodeState*> readers, const std::shared_ptr<const PreparedWeight>& other)
      : readers_(std::move(readers)), kept_(readers_.front()->setting.weight) {
    for (NodeState* reader : readers_) reader->setting.weight = other;
  }
  ~Exchanged() {
    for (NodeState* reader : readers_) reader->setting.weight = kept_;
  }
  Exchanged(const Exchanged&) = delete;
  Exchanged& operator=(const Exchanged&) = delete;

 private:
  std::vector<NodeState*> readers_;
  std::shared_ptr<const PreparedWeight> kept_;
};

double sign_of(std::uint64_t bits) { return (bits >> 63) != 0 ? -1.0 : 1.0; }

// Broadcast but for the first dimension, rows that an addition brings together do not share J.
bool is_spread(const ov::PartialShape& in, const ov::PartialShape& out) {
  if (in.rank().is_dynamic() || out.rank().is_dynamic()) return true;
  const std::size_t missing = out.size() - std::min(out.size(), in.size());
  for (std::size_t i = 1; i < out.size(); ++i) {
    const bool one = i < missing || in[i - missing] == 1;
    if (one && out[i] != 1) return true;
  }
  return false;
}

// The last of the additions that alone read a node's output: tables that end at the same one share
// J.
const ov::Node* sum_of(const ov::Node* node) {
  for (;;) {
    const auto readers = node->get_output_target_inputs(0);
    if (readers.size() != 1) return node;
    const ov::Node* reader = readers.begin()->get_node();
    if (!ov::is_type<ov::op::v1::Add>(reader) && !ov::is_type<ov::op::v0::Convert>(reader))
      return node;
    if (is_spread(node->get_output_partial_shape(0), reader->get_output_partial_shape(0)))
      return node;
    node = reader;
  }
}

}  // namespace

void shake_column(std::span<float> table, std::size_t cols, std::size_t k, double step,
                  std::uint64_t seed) {
  for (std::size_t r = 0; r * cols < table.size(); ++r) {
    table[r * cols + k] += static_cast<float>(step * sign_of(mix((r + 1) * kGolden + seed)));
  }
}

double shaking_step(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return kStep * std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, values.size())));
}

std::vector<float> folded_difference(std::span<const float> shaken, std::span<const float> plain,
                                     double step) {
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

// Tables of at most `columns` that no chosen layer but embeddings reads; of those with one J, that
// of most rows is changed.
void Engine::State::plan_embedding_metrics(std::size_t columns) {
  metric_of.resize(graph.weights.size());
  std::map<std::pair<const ov::Node*, std::size_t>, std::size_t> known;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    std::vector<std::size_t> layers;
    std::copy_if(weight.layers.begin(), weight.layers.end(), std::back_inserter(layers),
                 [&](std::size_t l) { return chosen[l]; });
    const bool embeds = std::all_of(layers.begin(), layers.end(), [&](std::size_t l) {
      return graph.layers[l].kind == LayerKind::kEmbedding;
    });
    if (layers.empty() || !embeds || weight.cols > columns) continue;
    const ov::Node* node = graph.layers[layers[0]].node.get();
    const auto [found, first] =
        known.try_emplace({layers.size() == 1 ? sum_of(node) : node, weight.cols}, metrics.size());
    if (first)
      metrics.push_back(
          {w, InputCovariance(weight.cols, true), InputCovariance(weight.cols, true)});
    EmbeddingMetric& metric = metrics[found->second];
    if (weight.rows > graph.weights[metric.weight].rows) metric.weight = w;
    metric_of[w] = found->second;
  }
}

// Nothing is known of an output that does not move, nor, where some batches are held out, without
// one.
const EmbeddingMetric* Engine::State::embedding_metric(std::size_t weight) const {
  if (!metric_of[weight]) return nullptr;
  const EmbeddingMetric& metric = metrics[*metric_of[weight]];
  const bool judged = !held_out || metric.held.count() > 0;
  return metric.moves && judged ? &metric : nullptr;
}

// How often each row of a table was looked up, by all layers that share a metric of it.
std::vector<double> Engine::State::row_uses(std::size_t weight) const {
  std::vector<double> sums(graph.weights[weight].rows, 0);
  for (const std::size_t l : graph.weights[weight].layers) {
    std::transform(uses[l].begin(), uses[l].end(), sums.begin(), sums.begin(),
                   [](std::uint64_t n, double sum) { return sum + static_cast<double>(n); });
  }
  return sums;
}

// J by columns of the table, elements of the output in rows: what a covariance takes for tokens.
Result<std::vector<float>> Engine::State::jacobian(const EmbeddingMetric& metric,
                                                   std::span<const float> plain,
                                                   const RunModel& run) {
  const WeightStore& store = *stores[metric.weight];
  const double step = shaking_step(store.values());
  if (!(step > 0)) return std::vector<float>{};
  const auto table = std::make_shared<std::vector<float>>(store.values());
  const auto shaken = std::make_shared<PreparedWeight>(PreparedWeight{.rows = store.rows(),
                                                                      .cols = store.cols(),
                                                                      .values = table,
                                                                      .bf16 = {},
                                                                      .int8 = {},
                                                                      .unscale = {}});
  std::vector<NodeState*> readers;
  for (const std::size_t l : graph.weights[metric.weight].layers) {
    if (nodes[l]) readers.push_back(nodes[l].get());
  }
  const Exchanged exchanged(std::move(readers), shaken);
  std::vector<float> elements;
  for (std::size_t k = 0; k < store.cols(); ++k) {
    shake_column(*table, store.cols(), k, step, metric.batches);
    const auto output = run();
    if (!output) return output.error();
    for (std::size_t i = k; i < table->size(); i += store.cols()) (*table)[i] = store.values()[i];
    const std::vector<float> column = folded_difference(output->as<float>(), plain, step);
    elements.resize(column.size() * store.cols());
    for (std::size_t i = 0; i < column.size(); ++i) elements[i * store.cols() + k] = column[i];
  }
  return elements;
}

std::size_t Engine::embedding_runs() const {
  const auto& metrics = state_->metrics;
  return std::accumulate(
      metrics.begin(), metrics.end(), std::size_t{0},
      [](std::size_t sum, const EmbeddingMetric& metric) { return sum + metric.seen.cols(); });
}

Status Engine::measure_embeddings(const Tensors& inputs, const std::string& output,
                                  const std::function<Status()>& advance) {
  State& state = *state_;
  if (state.recipe != quant::Recipe{}) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "embeddings are measured in FP32, but a recipe is applied"};
  }
  const std::string& name = output.empty() ? state.graph.outputs.front().name : output;
  const RunModel run_once = [&]() -> Result<Tensor> {
    if (const Status goes_on = advance(); !goes_on) return goes_on.error();
    auto outputs = run(inputs);
    if (!outputs) return outputs.error();
    if (outputs->contains(name)) return std::move(outputs->at(name));
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no such output",
                 .where = state.graph.path,
                 .expected = state.graph.outputs.front().name,
                 .found = name};
  };
  state.forget_calibration();
  const Status measured = within_memory(state.graph.path, [&]() -> Status {
    const auto plain = run_once();
    if (!plain) return plain.error();
    if (plain->type != ElementType::kF32) return success();
    for (EmbeddingMetric& metric : state.metrics) {
      const auto elements = state.jacobian(metric, plain->as<float>(), run_once);
      if (!elements) return elements.error();
      const bool out = state.held_out && metric.batches++ % kHeldOutOf == kHeldOutOf - 1;
      if (!out)
        metric.moves = metric.moves || std::any_of(elements->begin(), elements->end(),
                                                   [](float x) { return x != 0; });
      (out ? metric.held : metric.seen)
          .add(*elements, {elements->size() / metric.seen.cols(), metric.seen.cols()},
               state.threads);
    }
    return success();
  });
  // Some tables have seen the batch and others not.
  if (!measured) state.clear_metrics();
  return measured;
}

void Engine::State::clear_metrics() {
  for (EmbeddingMetric& metric : metrics) {
    metric.seen.clear();
    metric.held.clear();
    metric.batches = 0;
    metric.moves = false;
  }
}

}  // namespace posittune::engine
