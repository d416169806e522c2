#include "posittune/engine/compensator.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace posittune::engine {
namespace {

using model::Moments;

constexpr std::size_t kRemembered = 1024;  // settings of one weight

}  // namespace

std::vector<float> Compensator::squares_for(std::size_t weight,
                                            const quant::WeightSetting& setting) const {
  return setting.input_weighted ? calibration_.input_squares(weight) : std::vector<float>{};
}

// The factor of S summed over all layers that use the weight; null where there is none.
std::shared_ptr<const CompensationFactor> Compensator::factor(std::size_t weight) {
  const std::vector<std::size_t> layers = calibration_.fully_known(weight);
  if (layers.empty()) return nullptr;
  const auto known = factors_.find(layers);
  if (known != factors_.end()) return known->second;
  std::vector<float> sum = calibration_.fit(layers.front()).mean();
  for (std::size_t i = 1; i < layers.size(); ++i) {
    const std::vector<float> other = calibration_.fit(layers[i]).mean();
    std::transform(sum.begin(), sum.end(), other.begin(), sum.begin(), std::plus<>());
  }
  std::shared_ptr<const CompensationFactor> factor;
  const std::size_t cols = layers_.graph.weights[weight].cols;
  if (auto made = make_compensation_factor(sum, cols, layers_.threads)) {
    factor = std::make_shared<const CompensationFactor>(std::move(*made));
  }
  return factors_[layers] = factor;
}

// tr(dW S dW^T) by row on what was held out, for each layer that uses the weight.
std::vector<std::vector<double>> Compensator::holdout_errors(std::size_t weight,
                                                             const std::vector<float>& values) {
  const WeightStore& store = *layers_.stores[weight];
  const std::vector<float> difference = store.change(values);
  std::vector<std::vector<double>> errors;
  for (const std::size_t layer : calibration_.fully_known(weight)) {
    errors.push_back(
        calibration_.holdout(layer).quadratic(difference, store.rows(), layers_.threads));
    if (layers_.graph.layers[layer].kind->moments != Moments::kUses) continue;
    const std::vector<double> times = calibration_.row_uses(weight);
    std::transform(errors.back().begin(), errors.back().end(), times.begin(), errors.back().begin(),
                   std::multiplies<>());
  }
  return errors;
}

Result<Validation> Compensator::validate(std::size_t weight, const quant::WeightSetting& setting,
                                         const CompensationFactor& factor) {
  Validation made{.setting = setting, .fell_back = false, .errors = {}};
  if (!calibration_.holds_out()) return made;
  const std::vector<float> squares = squares_for(weight, setting);
  double sums[2] = {0, 0};
  for (const bool compensated : {false, true}) {
    auto values = layers_.stores[weight]->prepare(setting, squares, {.values = true},
                                                  layers_.threads, compensated ? &factor : nullptr);
    if (!values) return values.error();
    auto errors = holdout_errors(weight, *(*values)->values);
    for (const auto& rows : errors)
      sums[compensated ? 1 : 0] += std::accumulate(rows.begin(), rows.end(), 0.0);
    if (compensated) made.fell_back = !(sums[1] < sums[0]);  // not a number: back
    if (!made.fell_back) made.errors = std::move(errors);
  }
  return made;
}

Result<const Validation*> Compensator::validation(std::size_t weight,
                                                  const quant::WeightSetting& setting) {
  auto& known = validations_[weight];
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Validation& each) { return each.setting == setting; });
  if (found != known.end()) return &*found;
  const auto by = factor(weight);
  auto made =
      by ? validate(weight, setting, *by)
         : Result<Validation>(Validation{.setting = setting, .fell_back = true, .errors = {}});
  if (!made) return made.error();
  if (known.size() == kRemembered) known.erase(known.begin());
  known.push_back(std::move(*made));
  return &known.back();
}

std::optional<bool> Compensator::fell_back(std::size_t weight,
                                           const quant::WeightSetting& setting) const {
  const auto known = validations_.find(weight);
  if (known == validations_.end()) return std::nullopt;
  for (const Validation& each : known->second) {
    if (each.setting == setting) return each.fell_back;
  }
  return std::nullopt;
}

// Null: nearest rounding.
Result<std::shared_ptr<const CompensationFactor>> Compensator::factor_for(
    std::size_t weight, const quant::WeightSetting& setting) {
  if (setting.rounding != quant::Rounding::kCompensated)
    return std::shared_ptr<const CompensationFactor>();
  auto validated = validation(weight, setting);
  if (!validated) return validated.error();
  return (*validated)->fell_back ? std::shared_ptr<const CompensationFactor>() : factor(weight);
}

Result<std::shared_ptr<const PreparedWeight>> Compensator::prepare(
    std::size_t weight, const std::optional<quant::WeightSetting>& setting, const Forms& needed) {
  WeightStore& store = *layers_.stores[weight];
  if (!setting) return store.prepare(setting, {}, needed, layers_.threads);
  auto by = factor_for(weight, *setting);
  if (!by) return by.error();
  return store.prepare(setting, squares_for(weight, *setting), needed, layers_.threads, by->get());
}

Result<QuantizedWeight> Compensator::quantized(std::size_t weight,
                                               const quant::WeightSetting& setting) {
  auto by = factor_for(weight, setting);
  if (!by) return by.error();
  return layers_.stores[weight]->quantized(setting, squares_for(weight, setting), layers_.threads,
                                           by->get());
}

Result<std::vector<RowRun>> Compensator::rows(std::size_t weight,
                                              const quant::WeightSetting& setting) {
  return layers_.stores[weight]->runs(setting, squares_for(weight, setting), layers_.threads);
}

Status Compensator::check(std::size_t weight, const quant::WeightSetting& setting) const {
  const model::Weight& of = layers_.graph.weights[weight];
  const bool compensated = setting.rounding == quant::Rounding::kCompensated;
  const auto refused = [&](const std::string& what, const std::string& hint) {
    return Error{
        .kind = ErrorKind::kUsage, .what = what, .where = "weight '" + of.name + "'", .hint = hint};
  };
  if (!calibration_.calibrated()) {
    if (setting.input_weighted) {
      return refused("errors that are weighted by the input need calibration data",
                     "give `calibrate`, or leave `input_weighted` out");
    }
    if (compensated)
      return refused("compensated rounding needs calibration data",
                     "give `calibrate`, or `rounding=nearest`");
    if (setting.bias_correction)
      return refused("bias correction needs calibration data",
                     "give `calibrate`, or leave `bias_correction` out");
  }
  for (const std::size_t l : of.layers) {
    if (!compensated || !layers_.nodes[l] ||
        layers_.graph.layers[l].kind->moments != Moments::kInput ||
        calibration_.covariance(l) != nullptr)
      continue;
    return refused("compensated rounding needs the covariances of inputs, which were not collected",
                   "make the engine with covariance_bytes");
  }
  return success();
}

void Compensator::forget() {
  factors_.clear();
  validations_.clear();
}

}  // namespace posittune::engine
