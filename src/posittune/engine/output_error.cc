// What settings do to the outputs of single layers.

#include <algorithm>
#include <map>
#include <numeric>

#include "posittune/base/memory.h"
#include "posittune/base/threads.h"
#include "posittune/engine/engine_state.h"
#include "posittune/formats/codec.h"

namespace posittune::engine {
namespace {

using model::LayerKind;
using quant::ActivationSetting;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

Error not_calibrated(const std::string& layer) {
  return {.kind = ErrorKind::kUsage,
          .what = "errors at a layer's output need calibration data",
          .where = "layer '" + layer + "'",
          .hint = "give --calibrate"};
}

OutputError summed(std::vector<double> channels, double signal) {
  OutputError result{.channels = std::move(channels), .signal = signal};
  result.error = std::accumulate(result.channels.begin(), result.channels.end(), 0.0);
  return result;
}

// Squared differences of two outputs (items first) by channel, mean over `count` tokens or images.
OutputError compare(const ov::Tensor& exact, const ov::Tensor& rounded, std::size_t channel_axis,
                    std::size_t count) {
  const ov::Shape& shape = exact.get_shape();
  const std::size_t channels = shape[channel_axis];
  const auto after = shape.begin() + static_cast<std::ptrdiff_t>(channel_axis) + 1;
  const std::size_t inner =
      std::accumulate(after, shape.end(), std::size_t{1}, std::multiplies<>());
  const std::size_t outer = exact.get_size() / std::max<std::size_t>(1, channels * inner);
  std::vector<double> errors(channels, 0);
  double signal = 0;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t c = 0; c < channels; ++c) {
      const float* x = exact.data<float>() + (o * channels + c) * inner;
      const float* y = rounded.data<float>() + (o * channels + c) * inner;
      double error = 0;
      for (std::size_t i = 0; i < inner; ++i) {
        const double difference = double{x[i]} - double{y[i]};
        error += difference * difference;
        signal += double{x[i]} * double{x[i]};
      }
      errors[c] += error;
    }
  }
  const auto tokens = static_cast<double>(std::max<std::size_t>(1, count));
  for (double& error : errors) error /= tokens;
  return summed(std::move(errors), signal / tokens);
}

}  // namespace

// Layers with one input share what is known of it; the first holds it.
void Engine::State::plan_covariances(std::size_t bytes) {
  const std::size_t layers = graph.layers.size();
  covariances.resize(layers);
  held.resize(layers);
  covariance_of.resize(layers);
  uses.resize(layers);
  std::map<std::pair<const ov::Node*, std::size_t>, std::size_t> holders;
  std::vector<std::size_t> wanted;
  for (std::size_t l = 0; l < layers; ++l) {
    const model::Layer& layer = graph.layers[l];
    if (!chosen[l]) continue;
    if (layer.kind == LayerKind::kEmbedding) uses[l].assign(graph.weights[*layer.weight].rows, 0);
    if (layer.kind != LayerKind::kMatMul || bytes == 0) continue;
    const auto source = layer.node->input_value(0);
    const auto [holder, first] = holders.try_emplace({source.get_node(), source.get_index()}, l);
    covariance_of[l] = holder->second;
    if (first) wanted.push_back(l);
  }
  const auto cols = [&](std::size_t l) { return graph.weights[*graph.layers[l].weight].cols; };
  std::stable_sort(wanted.begin(), wanted.end(),
                   [&](std::size_t a, std::size_t b) { return cols(a) < cols(b); });
  for (const std::size_t l : wanted) {
    const std::size_t size = cols(l) * cols(l) * sizeof(float) * (held_out ? 2 : 1);
    const bool full = size <= bytes;
    bytes -= full ? size : 0;
    covariances[l].emplace(cols(l), full);
    if (held_out) held[l].emplace(cols(l), full);
  }
}

// The sampled inputs through the layer in FP32, with and without a setting. A setting without a
// weight has FP32's.
Result<OutputError> Engine::State::sampled_error(std::size_t layer, const LayerSetting& setting,
                                                 std::span<const float> sample) {
  const InputStatistics& seen = statistics[layer][0];
  if (seen.empty()) return not_calibrated(graph.layers[layer].name);
  ov::Shape shape = seen.token();
  const std::size_t count = sample.size() / std::max<std::size_t>(1, seen.token_size());
  shape.insert(shape.begin(), count);
  NodeState& node = *nodes[layer];
  LayerSetting plain, changed = setting;
  auto weight =
      stores[*graph.layers[layer].weight]->prepare(std::nullopt, {}, {.values = true}, threads);
  if (!weight) return weight.error();
  plain.weight = *weight;
  if (changed.weight == nullptr) changed.weight = *weight;
  const ov::Tensor x(ov::element::f32, shape, const_cast<float*>(sample.data()));
  const auto known = node.operation->output_shape(shape);
  if (!known) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "this layer cannot run by itself, which errors at its output need",
                 .where = "layer '" + node.name + "'",
                 .hint = "leave it out with --exclude, or use --activation-scale static"};
  }
  ov::Tensor exact(ov::element::f32, *known), rounded(ov::element::f32, *known);
  Status done = node.operation->run(plain, {x}, exact, scratch, threads);
  if (!done) return done.error();
  done = node.operation->run(changed, {x}, rounded, scratch, threads);
  if (!done) return done.error();
  const bool matmul = graph.layers[layer].kind == LayerKind::kMatMul;
  return compare(exact, rounded, matmul ? known->size() - 1 : 1, count);
}

// Of a product with all of W the error of an input d is d G d^T, G = W^T W: the output itself,
// often far wider than the input, is not needed. G is the sum that a covariance is made of, with
// the rows of W for tokens.
Result<std::vector<double>> Engine::State::product_errors(std::size_t layer,
                                                          const ActivationQuantizer& quantizer,
                                                          std::span<const float> x) {
  const InputStatistics& seen = statistics[layer][0];
  if (seen.empty()) return not_calibrated(graph.layers[layer].name);
  const WeightStore& store = *stores[*graph.layers[layer].weight];
  const kernels::Shape shape{x.size() / std::max<std::size_t>(1, store.cols()), store.cols()};
  const auto through = [&](std::span<const float> of) {
    std::vector<double> tokens = gram->rows.quadratic(of, of.size() / store.cols(), threads);
    for (double& each : tokens) each *= static_cast<double>(store.rows());
    return tokens;
  };
  if (!gram || gram->layer != layer) {
    gram.reset();
    WeightGram made{layer, InputCovariance(store.cols(), true), 0};
    made.rows.add(store.values(), {store.rows(), store.cols()}, threads);
    gram.emplace(std::move(made));
    gram->signal = mean(through(seen.sample()));
  }
  std::vector<float> rounded;
  auto at = quantized_operand(quantizer, x, shape, rounded, threads);
  if (!at) return at.error();
  std::vector<float> difference(shape.size());
  std::transform(x.begin(), x.end(), *at, difference.begin(), std::minus<>());
  return through(difference);
}

Result<OutputError> Engine::State::input_error(std::size_t layer,
                                               const ActivationQuantizer& quantizer) {
  const std::span<const float> sample = statistics[layer][0].sample();
  if (graph.layers[layer].kind == LayerKind::kMatMul) {
    auto errors = product_errors(layer, quantizer, sample);
    if (!errors) return errors.error();
    return OutputError{.channels = {}, .error = mean(*errors), .signal = gram->signal};
  }
  LayerSetting setting;
  setting.activation[0] = quantizer;
  return sampled_error(layer, setting, sample);
}

// Images one by one.
Result<std::vector<double>> Engine::State::token_errors(std::size_t layer,
                                                        const ActivationQuantizer& quantizer,
                                                        std::span<const float> x) {
  if (graph.layers[layer].kind == LayerKind::kMatMul) return product_errors(layer, quantizer, x);
  LayerSetting setting;
  setting.activation[0] = quantizer;
  const std::size_t size = std::max<std::size_t>(1, statistics[layer][0].token_size());
  std::vector<double> errors;
  for (std::size_t first = 0; first + size <= x.size(); first += size) {
    auto one = sampled_error(layer, setting, x.subspan(first, size));
    if (!one) return one.error();
    errors.push_back(one->error);
  }
  return errors;
}

// A scale that fits what was sampled may clip what was not.
Result<float> Engine::State::better_scale(std::size_t layer, const ActivationSetting& setting,
                                          float scale) {
  const InputStatistics& seen = statistics[layer][0];
  const std::vector<float> fit = seen.fit_sample();
  if (fit.empty() || seen.held_sample().size() < 2 * seen.token_size()) return scale;
  auto other =
      output_scale(setting, seen, [&](const ActivationQuantizer& candidate) -> Result<double> {
        auto errors = token_errors(layer, candidate, fit);
        if (!errors) return errors.error();
        return mean(*errors);
      });
  if (!other || *other == scale) return other;
  // The largest values are few, and what they carry beyond this layer is not in its error.
  const double largest = double{formats::float_range(setting.format).high};
  const bool clips = *other > scale && double{seen.total().absmax} * *other > largest;
  if (clips) return scale;
  std::vector<double> errors[2];
  for (const bool by_output : {false, true}) {
    const ActivationQuantizer quantizer{quant::scaled_format(setting.format, setting.rule),
                                        setting.rule, false, by_output ? *other : scale};
    auto made = token_errors(layer, quantizer, seen.held_sample());
    if (!made) return made.error();
    errors[by_output ? 1 : 0] = std::move(*made);
  }
  return surely_less(errors[1], errors[0]) ? *other : scale;
}

std::vector<float> Engine::State::change_of(std::size_t weight,
                                            const std::vector<float>& values) const {
  const std::vector<float>& exact = stores[weight]->values();
  std::vector<float> difference(exact.size());
  std::transform(exact.begin(), exact.end(), values.begin(), difference.begin(),
                 [](float a, float b) { return b - a; });
  return difference;
}

// tr(dW S dW^T), of a layer whose S is known.
OutputError Engine::State::quadratic_error(std::size_t layer, const InputCovariance& s,
                                           std::size_t positions, const std::vector<float>& values,
                                           const std::vector<float>* shift) {
  const std::size_t weight = *graph.layers[layer].weight;
  const auto added = shift == nullptr ? std::span<const float>() : *shift;
  return scaled_error(
      layer, s, positions,
      s.quadratic(change_of(weight, values), stores[weight]->rows(), threads, added));
}

// `rows` are errors at one position of the output.
OutputError Engine::State::scaled_error(std::size_t layer, const InputCovariance& s,
                                        std::size_t positions, std::vector<double> rows) {
  const WeightStore& store = *stores[*graph.layers[layer].weight];
  const auto times = static_cast<double>(positions);
  auto& signal = signals[layer];
  if (!signal) {
    const auto by_row = s.quadratic(store.values(), store.rows(), threads);
    signal = times * std::accumulate(by_row.begin(), by_row.end(), 0.0);
  }
  for (double& row : rows) row *= times;
  return summed(std::move(rows), *signal);
}

// What judging a compensated weight found of this layer; empty when it has to be computed.
Result<std::vector<double>> Engine::State::judged_rows(std::size_t layer,
                                                       const quant::WeightSetting& setting) {
  const std::size_t weight = *graph.layers[layer].weight;
  const LayerKind kind = graph.layers[layer].kind;
  if (setting.rounding != quant::Rounding::kCompensated || setting.bias_correction ||
      kind == LayerKind::kEmbedding) {
    return std::vector<double>{};
  }
  auto judged = judgement_of(weight, setting);
  if (!judged) return judged.error();
  if ((*judged)->errors.empty()) return std::vector<double>{};
  const auto holders = compensating_layers(weight);
  const std::size_t holder = kind == LayerKind::kMatMul ? *covariance_of[layer] : layer;
  const auto at = std::find(holders.begin(), holders.end(), holder);
  return at == holders.end() ? std::vector<double>{}
                             : (*judged)->errors[static_cast<std::size_t>(at - holders.begin())];
}

// By how often each row was looked up; without a measured metric squares count as they are. A
// metric is of all layers that read the table: each answers for its own part.
OutputError Engine::State::embedding_error(std::size_t layer, const std::vector<float>& values) {
  const std::size_t weight = *graph.layers[layer].weight;
  const WeightStore& store = *stores[weight];
  const EmbeddingMetric* metric = embedding_metric(weight);
  const auto squares = [&](const std::vector<float>& matrix) {
    if (metric != nullptr) return judge_of(layer).quadratic(matrix, store.rows(), threads);
    std::vector<double> sums(store.rows(), 0);
    for (std::size_t i = 0; i < matrix.size(); ++i)
      sums[i / store.cols()] += double{matrix[i]} * matrix[i];
    return sums;
  };
  const std::vector<double> by_all = row_uses(weight);
  const double all = metric != nullptr
                         ? std::accumulate(by_all.begin(), by_all.end(), 0.0)
                         : std::accumulate(uses[layer].begin(), uses[layer].end(), 0.0);
  std::vector<double> share(uses[layer].begin(), uses[layer].end());
  for (double& each : share) each /= std::max(1.0, all);
  std::vector<double> errors = squares(change_of(weight, values));
  std::transform(errors.begin(), errors.end(), share.begin(), errors.begin(), std::multiplies<>());
  const std::vector<double> signals_of_rows = squares(store.values());
  const double signal =
      std::inner_product(signals_of_rows.begin(), signals_of_rows.end(), share.begin(), 0.0);
  return summed(std::move(errors), signal);
}

Result<OutputError> Engine::State::weight_error(std::size_t layer,
                                                const quant::WeightSetting& setting) {
  const std::size_t w = *graph.layers[layer].weight;
  const LayerKind kind = graph.layers[layer].kind;
  const bool used =
      std::any_of(uses[layer].begin(), uses[layer].end(), [](std::uint64_t n) { return n > 0; });
  const bool known =
      kind != LayerKind::kMatMul || (covariance_of[layer] && judge_of(layer).count() > 0);
  if (!known || (kind == LayerKind::kEmbedding && !used))
    return not_calibrated(graph.layers[layer].name);
  if (auto errors = judged_rows(layer, setting); !errors || !errors->empty()) {
    if (!errors) return errors.error();
    const std::size_t positions = kind == LayerKind::kMatMul ? 1 : patches_of(layer)->positions();
    return scaled_error(layer, judge_of(layer), positions, std::move(*errors));
  }
  auto prepared = prepare(w, setting, {.values = true});
  if (!prepared) return prepared.error();
  const std::vector<float>& values = *(*prepared)->values;
  if (kind == LayerKind::kEmbedding) return embedding_error(layer, values);
  const auto shift = shift_of(layer, setting, **prepared);
  if (kind == LayerKind::kMatMul)
    return quadratic_error(layer, judge_of(layer), 1, values, shift.get());
  if (held_out && patches_of(layer) != nullptr) {
    return quadratic_error(layer, judge_of(layer), patches_of(layer)->positions(), values,
                           shift.get());
  }
  LayerSetting changed;
  changed.weight = *prepared;
  changed.shift = shift;
  return sampled_error(layer, changed, statistics[layer][0].sample());
}

Result<OutputError> Engine::weight_error(std::size_t layer, const quant::WeightSetting& setting) {
  const model::Layer& of = state_->graph.layers[layer];
  if (!state_->nodes[layer] || !of.weight) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a layer without a weight to change",
                 .where = "layer '" + of.name + "'"};
  }
  quant::Recipe recipe;
  recipe.weights[state_->graph.weights[*of.weight].name] = setting;
  if (const Status fits = state_->check_weights(recipe); !fits) return fits.error();
  return within_memory("layer '" + of.name + "'",
                       [&] { return state_->weight_error(layer, setting); });
}

Result<OutputError> Engine::activation_error(std::size_t layer,
                                             const quant::ActivationSetting& setting) {
  const model::Layer& of = state_->graph.layers[layer];
  if (!state_->nodes[layer] || !of.weight || of.kind == LayerKind::kEmbedding) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a layer without an input to round",
                 .where = "layer '" + of.name + "'"};
  }
  return within_memory("layer '" + of.name + "'", [&]() -> Result<OutputError> {
    auto quantizer = state_->quantizer_of(layer, 0, setting);
    if (!quantizer) return quantizer.error();
    return state_->input_error(layer, *quantizer);
  });
}

Result<std::vector<double>> Engine::rounding_error(std::size_t weight,
                                                   const quant::WeightSetting& setting) {
  auto& store = state_->stores[weight];
  if (!store) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no chosen layer uses this weight",
                 .where = "weight '" + state_->graph.weights[weight].name + "'"};
  }
  auto prepared = within_memory("weight '" + store->name() + "'",
                                [&] { return state_->prepare(weight, setting, {.values = true}); });
  if (!prepared) return prepared.error();
  std::vector<double> errors(store->rows(), 0);
  for (std::size_t r = 0; r < store->rows(); ++r) {
    for (std::size_t c = 0; c < store->cols(); ++c) {
      const double d = double{(*(*prepared)->values)[r * store->cols() + c]} -
                       store->values()[r * store->cols() + c];
      errors[r] += d * d;
    }
  }
  return errors;
}

const InputCovariance* Engine::covariance(std::size_t layer) const {
  const auto& holder = state_->covariance_of[layer];
  return holder ? &*state_->covariances[*holder] : nullptr;
}

}  // namespace posittune::engine
