#include "posittune/engine/embedding_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <openvino/op/add.hpp>
#include <openvino/op/convert.hpp>

#include "posittune/base/mix.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kSums = 4096;    // of a sketched output
constexpr double kStep = 0.1;          // of a table's root mean square
constexpr std::size_t kHeldOutOf = 4;  // batches: the last of so many is held out

// Puts another table in the nodes that read a weight, as long as this lives.
class ScopedTableSwap {
 public:
  ScopedTableSwap(std::vector<NodeState*> readers,
                  const std::shared_ptr<const PreparedWeight>& other)
      : readers_(std::move(readers)), kept_(readers_.front()->setting.weight) {
    for (NodeState* reader : readers_) reader->setting.weight = other;
  }
  ~ScopedTableSwap() {
    for (NodeState* reader : readers_) reader->setting.weight = kept_;
  }
  ScopedTableSwap(const ScopedTableSwap&) = delete;
  ScopedTableSwap& operator=(const ScopedTableSwap&) = delete;

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

void perturb_column(std::span<float> table, std::size_t cols, std::size_t k, double step,
                    std::uint64_t seed) {
  for (std::size_t r = 0; r * cols < table.size(); ++r) {
    table[r * cols + k] += static_cast<float>(step * sign_of(mix((r + 1) * kGolden + seed)));
  }
}

double perturbation(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return kStep * std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, values.size())));
}

std::vector<float> sketched_difference(std::span<const float> perturbed,
                                       std::span<const float> plain, double step) {
  const std::size_t count = std::min(perturbed.size(), plain.size());
  std::vector<double> sums(std::min(count, kSums), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = double{perturbed[i]} - plain[i];
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

// Plans one metric for tables with the same J; the table with most rows is perturbed.
void EmbeddingMetrics::plan(std::size_t columns, bool held_out) {
  const model::Graph& graph = layers_.graph;
  held_out_ = held_out;
  metric_of_.resize(graph.weights.size());
  std::map<std::pair<const ov::Node*, std::size_t>, std::size_t> known;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    std::vector<std::size_t> readers;
    std::copy_if(weight.layers.begin(), weight.layers.end(), std::back_inserter(readers),
                 [&](std::size_t l) { return layers_.chosen[l]; });
    const bool embeds = std::all_of(readers.begin(), readers.end(), [&](std::size_t l) {
      return graph.layers[l].kind->moments == model::Moments::kUses;
    });
    if (readers.empty() || !embeds || weight.cols > columns) continue;
    const ov::Node* node = graph.layers[readers[0]].node.get();
    const auto [found, first] = known.try_emplace(
        {readers.size() == 1 ? sum_of(node) : node, weight.cols}, metrics_.size());
    if (first)
      metrics_.push_back(
          {w, InputCovariance(weight.cols, true), InputCovariance(weight.cols, true)});
    EmbeddingMetric& metric = metrics_[found->second];
    if (weight.rows > graph.weights[metric.weight].rows) metric.weight = w;
    metric_of_[w] = found->second;
  }
}

const EmbeddingMetric* EmbeddingMetrics::of(std::size_t weight) const {
  if (!metric_of_[weight]) return nullptr;
  const EmbeddingMetric& metric = metrics_[*metric_of_[weight]];
  const bool validated = !held_out_ || metric.holdout.count() > 0;
  return metric.has_signal && validated ? &metric : nullptr;
}

// J by columns of the table, elements of the output in rows: what a covariance takes for tokens.
Result<std::vector<float>> EmbeddingMetrics::jacobian(const EmbeddingMetric& metric,
                                                      std::span<const float> plain,
                                                      const Run& run) const {
  const WeightStore& store = *layers_.stores[metric.weight];
  const double step = perturbation(store.values());
  if (!(step > 0)) return std::vector<float>{};
  const auto table = std::make_shared<std::vector<float>>(store.values());
  const auto perturbed = std::make_shared<PreparedWeight>(PreparedWeight{.rows = store.rows(),
                                                                         .cols = store.cols(),
                                                                         .values = table,
                                                                         .bf16 = {},
                                                                         .int8 = {},
                                                                         .unscale = {}});
  std::vector<NodeState*> readers;
  for (const std::size_t l : layers_.graph.weights[metric.weight].layers) {
    if (layers_.nodes[l]) readers.push_back(layers_.nodes[l].get());
  }
  const ScopedTableSwap swap(std::move(readers), perturbed);
  std::vector<float> elements;
  for (std::size_t k = 0; k < store.cols(); ++k) {
    perturb_column(*table, store.cols(), k, step, metric.batches);
    const auto output = run();
    if (!output) return output.error();
    for (std::size_t i = k; i < table->size(); i += store.cols()) (*table)[i] = store.values()[i];
    const std::vector<float> column = sketched_difference(output->as<float>(), plain, step);
    elements.resize(column.size() * store.cols());
    for (std::size_t i = 0; i < column.size(); ++i) elements[i * store.cols() + k] = column[i];
  }
  return elements;
}

std::size_t EmbeddingMetrics::runs() const {
  return std::accumulate(
      metrics_.begin(), metrics_.end(), std::size_t{0},
      [](std::size_t sum, const EmbeddingMetric& metric) { return sum + metric.fit.cols(); });
}

Status EmbeddingMetrics::measure(const Run& run) {
  const auto plain = run();
  if (!plain) return plain.error();
  if (plain->type != ElementType::kF32) return success();
  for (EmbeddingMetric& metric : metrics_) {
    const auto elements = jacobian(metric, plain->as<float>(), run);
    if (!elements) return elements.error();
    const bool out = held_out_ && metric.batches++ % kHeldOutOf == kHeldOutOf - 1;
    if (!out)
      metric.has_signal = metric.has_signal || std::any_of(elements->begin(), elements->end(),
                                                           [](float x) { return x != 0; });
    (out ? metric.holdout : metric.fit)
        .add(*elements, {elements->size() / metric.fit.cols(), metric.fit.cols()}, layers_.threads);
  }
  return success();
}

void EmbeddingMetrics::clear() {
  for (EmbeddingMetric& metric : metrics_) {
    metric.fit.clear();
    metric.holdout.clear();
    metric.batches = 0;
    metric.has_signal = false;
  }
}

}  // namespace posittune::engine
