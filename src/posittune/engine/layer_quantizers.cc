#include "posittune/engine/layer_quantizers.h"

#include <algorithm>
#include <numeric>

#include "posittune/engine/activation_scale.h"
#include "posittune/formats/codec.h"

namespace posittune::engine {

using quant::ActivationScale;
using quant::ActivationSetting;

Result<ActivationQuantizer> LayerQuantizers::quantizer(std::size_t layer, std::size_t operand,
                                                       const ActivationSetting& setting) {
  ActivationQuantizer made{.format = quant::scaled_format(setting.format, setting.rule),
                           .rule = setting.rule};
  if (setting.scale == ActivationScale::kToken) {
    if (quant::entry(setting.rule).searches()) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a scale per token cannot be searched for",
                   .where = "`activation_scale=token`",
                   .expected = quant::direct_rule_names(),
                   .found = std::string(quant::name(setting.rule))};
    }
    made.per_token = true;
    return made;
  }
  auto found = scale(layer, operand, setting);
  if (!found) return found.error();
  made.scale = *found;
  return made;
}

Result<float> LayerQuantizers::scale(std::size_t layer, std::size_t operand,
                                     const ActivationSetting& setting) {
  Known& known = scales_[{layer, operand}];
  for (const auto& [of, scale] : known) {
    if (of == setting) return scale;
  }
  const InputStatistics& inputs = calibration_.statistics(layer, operand);
  if (inputs.empty() && quant::entry(setting.rule).of_data()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "static activation scales need calibration data",
                 .where = layers_.where(layer),
                 .hint = "give `calibrate`, or choose scales per token (`activation_scale=token`)"};
  }
  const bool by_output = setting.scale == ActivationScale::kOutput &&
                         layers_.graph.layers[layer].weight && quant::entry(setting.rule).of_data();
  auto scale = static_scale(setting, inputs, layers_.threads);
  if (scale && by_output) scale = better_scale(layer, setting, *scale);
  if (scale) known.emplace_back(setting, *scale);
  return scale;
}

// By the error at the output if that is surely less than under `scale` on what was held out, else
// `scale`: a scale that fits what was sampled may clip what was not.
Result<float> LayerQuantizers::better_scale(std::size_t layer, const ActivationSetting& setting,
                                            float scale) {
  const InputStatistics& inputs = calibration_.statistics(layer, 0);
  const std::vector<float> fit = inputs.fit_sample();
  if (fit.empty() || !inputs.can_compare()) return scale;
  auto other =
      output_scale(setting, inputs, [&](const ActivationQuantizer& candidate) -> Result<double> {
        auto errors = errors_.of_tokens(layer, candidate, fit);
        if (!errors) return errors.error();
        return std::accumulate(errors->begin(), errors->end(), 0.0) /
               static_cast<double>(std::max<std::size_t>(1, errors->size()));
      });
  if (!other || *other == scale) return other;
  // The largest values are few, and what they carry beyond this layer is not in its error.
  const double largest = double{formats::float_range(setting.format).high};
  const bool clips = *other > scale && double{inputs.total().absmax} * *other > largest;
  if (clips) return scale;
  std::vector<double> errors[2];
  for (const bool by_output : {false, true}) {
    const ActivationQuantizer quantizer{quant::scaled_format(setting.format, setting.rule),
                                        setting.rule, false, by_output ? *other : scale};
    auto made = errors_.of_tokens(layer, quantizer, inputs.holdout_sample());
    if (!made) return made.error();
    errors[by_output ? 1 : 0] = std::move(*made);
  }
  return surely_less(errors[1], errors[0]) ? *other : scale;
}

}  // namespace posittune::engine
