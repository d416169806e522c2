#include "posittune/engine/layer_errors.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "posittune/engine/bias_correction.h"

namespace posittune::engine {
namespace {

using model::Moments;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

Error not_calibrated(const std::string& where) {
  return {.kind = ErrorKind::kUsage,
          .what = "errors at a layer's output need calibration data",
          .where = where,
          .hint = "give `calibrate`"};
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

// The sampled inputs through the layer in FP32, with and without a setting. A setting without a
// weight has FP32's.
Result<OutputError> LayerErrors::sampled(std::size_t layer, const LayerSetting& setting,
                                         std::span<const float> sample) {
  const InputStatistics& inputs = calibration_.statistics(layer, 0);
  if (inputs.empty()) return not_calibrated(layers_.where(layer));
  ov::Shape shape = inputs.token();
  const std::size_t count = sample.size() / std::max<std::size_t>(1, inputs.token_size());
  shape.insert(shape.begin(), count);
  NodeState& node = *layers_.nodes[layer];
  LayerSetting plain, changed = setting;
  auto weight = layers_.stores[*layers_.graph.layers[layer].weight]->prepare(
      std::nullopt, {}, {.values = true}, layers_.threads);
  if (!weight) return weight.error();
  plain.weight = *weight;
  if (changed.weight == nullptr) changed.weight = *weight;
  const ov::Tensor x(ov::element::f32, shape, const_cast<float*>(sample.data()));
  const auto known = node.operation->output_shape(shape);
  if (!known) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "this layer cannot run by itself, which errors at its output need",
                 .where = layers_.where(layer),
                 .hint = "leave it out with `exclude`, or use `activation_scale=static`"};
  }
  ov::Tensor exact(ov::element::f32, *known), rounded(ov::element::f32, *known);
  Status done = node.operation->run(plain, {x}, exact, layers_.scratch, layers_.threads);
  if (!done) return done.error();
  done = node.operation->run(changed, {x}, rounded, layers_.scratch, layers_.threads);
  if (!done) return done.error();
  return compare(exact, rounded, node.operation->channel_axis(known->size()), count);
}

// Errors of an input d of a product with W: d G d^T, G = W^T W. The output itself, often far wider
// than the input, is not needed. G is computed as a covariance is, with the rows of W as tokens.
Result<std::vector<double>> LayerErrors::product_errors(std::size_t layer,
                                                        const ActivationQuantizer& quantizer,
                                                        std::span<const float> x) {
  const InputStatistics& inputs = calibration_.statistics(layer, 0);
  if (inputs.empty()) return not_calibrated(layers_.where(layer));
  const WeightStore& store = *layers_.stores[*layers_.graph.layers[layer].weight];
  const int threads = layers_.threads;
  const kernels::Shape shape{x.size() / std::max<std::size_t>(1, store.cols()), store.cols()};
  const auto through = [&](std::span<const float> of) {
    std::vector<double> tokens = gram_->rows.quadratic(of, of.size() / store.cols(), threads);
    for (double& each : tokens) each *= static_cast<double>(store.rows());
    return tokens;
  };
  if (!gram_ || gram_->layer != layer) {
    gram_.reset();
    WeightGram made{layer, InputCovariance(store.cols(), true), 0};
    made.rows.add(store.values(), {store.rows(), store.cols()}, threads);
    gram_.emplace(std::move(made));
    gram_->signal = mean(through(inputs.sample()));
  }
  std::vector<float> rounded;
  auto at = quantized_operand(quantizer, x, shape, rounded, threads);
  if (!at) return at.error();
  std::vector<float> difference(shape.size());
  std::transform(x.begin(), x.end(), *at, difference.begin(), std::minus<>());
  return through(difference);
}

Result<OutputError> LayerErrors::of_input(std::size_t layer, const ActivationQuantizer& quantizer) {
  const std::span<const float> sample = calibration_.statistics(layer, 0).sample();
  if (layers_.graph.layers[layer].kind->moments == Moments::kInput) {
    auto errors = product_errors(layer, quantizer, sample);
    if (!errors) return errors.error();
    return OutputError{.channels = {}, .error = mean(*errors), .signal = gram_->signal};
  }
  LayerSetting setting;
  setting.activation[0] = quantizer;
  return sampled(layer, setting, sample);
}

// Images one by one.
Result<std::vector<double>> LayerErrors::of_tokens(std::size_t layer,
                                                   const ActivationQuantizer& quantizer,
                                                   std::span<const float> x) {
  if (layers_.graph.layers[layer].kind->moments == Moments::kInput)
    return product_errors(layer, quantizer, x);
  LayerSetting setting;
  setting.activation[0] = quantizer;
  const std::size_t size = std::max<std::size_t>(1, calibration_.statistics(layer, 0).token_size());
  std::vector<double> errors;
  for (std::size_t first = 0; first + size <= x.size(); first += size) {
    auto one = sampled(layer, setting, x.subspan(first, size));
    if (!one) return one.error();
    errors.push_back(one->error);
  }
  return errors;
}

// tr(dW S dW^T), of a layer whose S is known.
OutputError LayerErrors::quadratic(std::size_t layer, std::size_t positions,
                                   const std::vector<float>& values,
                                   const std::vector<float>* shift) {
  const WeightStore& store = *layers_.stores[*layers_.graph.layers[layer].weight];
  const auto added = shift == nullptr ? std::span<const float>() : *shift;
  return scaled(layer, positions,
                calibration_.holdout(layer).quadratic(store.change(values), store.rows(),
                                                      layers_.threads, added));
}

// `rows` are errors at one position of the output.
OutputError LayerErrors::scaled(std::size_t layer, std::size_t positions,
                                std::vector<double> rows) {
  const WeightStore& store = *layers_.stores[*layers_.graph.layers[layer].weight];
  const auto times = static_cast<double>(positions);
  auto& signal = signals_[layer];
  if (!signal) {
    const auto by_row =
        calibration_.holdout(layer).quadratic(store.values(), store.rows(), layers_.threads);
    signal = times * std::accumulate(by_row.begin(), by_row.end(), 0.0);
  }
  for (double& row : rows) row *= times;
  return summed(std::move(rows), *signal);
}

// What the validation of a compensated weight found of this layer; empty when it has to be
// computed.
Result<std::vector<double>> LayerErrors::validated_rows(std::size_t layer,
                                                        const quant::WeightSetting& setting) {
  const std::size_t weight = *layers_.graph.layers[layer].weight;
  if (setting.rounding != quant::Rounding::kCompensated || setting.bias_correction ||
      layers_.graph.layers[layer].kind->moments == Moments::kUses) {
    return std::vector<double>{};
  }
  auto validated = compensator_.validation(weight, setting);
  if (!validated) return validated.error();
  if ((*validated)->errors.empty()) return std::vector<double>{};
  const auto holders = calibration_.fully_known(weight);
  const auto at = std::find(holders.begin(), holders.end(), calibration_.holder(layer));
  return at == holders.end() ? std::vector<double>{}
                             : (*validated)->errors[static_cast<std::size_t>(at - holders.begin())];
}

// By how often each row was looked up; without a measured metric squares count as they are. A
// metric is of all layers that read the table: the error is split over the layers in proportion to
// their look-ups.
OutputError LayerErrors::of_embedding(std::size_t layer, const std::vector<float>& values) {
  const std::size_t weight = *layers_.graph.layers[layer].weight;
  const WeightStore& store = *layers_.stores[weight];
  const bool measured = calibration_.embeddings().of(weight) != nullptr;
  const auto squares = [&](const std::vector<float>& matrix) {
    if (measured)
      return calibration_.holdout(layer).quadratic(matrix, store.rows(), layers_.threads);
    std::vector<double> sums(store.rows(), 0);
    for (std::size_t i = 0; i < matrix.size(); ++i)
      sums[i / store.cols()] += double{matrix[i]} * matrix[i];
    return sums;
  };
  const std::vector<std::uint64_t>& uses = calibration_.uses(layer);
  const std::vector<double> by_all = calibration_.row_uses(weight);
  const double all = measured ? std::accumulate(by_all.begin(), by_all.end(), 0.0)
                              : std::accumulate(uses.begin(), uses.end(), 0.0);
  std::vector<double> share(uses.begin(), uses.end());
  for (double& each : share) each /= std::max(1.0, all);
  std::vector<double> errors = squares(store.change(values));
  std::transform(errors.begin(), errors.end(), share.begin(), errors.begin(), std::multiplies<>());
  const std::vector<double> signals_of_rows = squares(store.values());
  const double signal =
      std::inner_product(signals_of_rows.begin(), signals_of_rows.end(), share.begin(), 0.0);
  return summed(std::move(errors), signal);
}

Result<OutputError> LayerErrors::of_weight(std::size_t layer, const quant::WeightSetting& setting) {
  const std::size_t w = *layers_.graph.layers[layer].weight;
  const Moments moments = layers_.graph.layers[layer].kind->moments;
  const auto& uses = calibration_.uses(layer);
  const bool used = std::any_of(uses.begin(), uses.end(), [](std::uint64_t n) { return n > 0; });
  const bool known = moments != Moments::kInput || (calibration_.covariance(layer) != nullptr &&
                                                    calibration_.holdout(layer).count() > 0);
  if (!known || (moments == Moments::kUses && !used)) return not_calibrated(layers_.where(layer));
  if (auto errors = validated_rows(layer, setting); !errors || !errors->empty()) {
    if (!errors) return errors.error();
    const std::size_t positions =
        moments == Moments::kInput ? 1 : calibration_.patches(layer)->positions();
    return scaled(layer, positions, std::move(*errors));
  }
  auto prepared = compensator_.prepare(w, setting, {.values = true});
  if (!prepared) return prepared.error();
  const std::vector<float>& values = *(*prepared)->values;
  if (moments == Moments::kUses) return of_embedding(layer, values);
  const auto shift = bias_shift(layers_, calibration_, layer, setting, **prepared);
  if (moments == Moments::kInput) return quadratic(layer, 1, values, shift.get());
  if (calibration_.holds_out() && calibration_.patches(layer) != nullptr)
    return quadratic(layer, calibration_.patches(layer)->positions(), values, shift.get());
  LayerSetting changed;
  changed.weight = *prepared;
  changed.shift = shift;
  return sampled(layer, changed, calibration_.statistics(layer, 0).sample());
}

void LayerErrors::forget() {
  signals_.clear();
  gram_.reset();
}

}  // namespace posittune::engine
