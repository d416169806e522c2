#pragma once

// Quantizers of layers' inputs; each scale is chosen once.

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/layer_errors.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

class LayerQuantizers {
 public:
  // The arguments outlive this.
  LayerQuantizers(const ChosenLayers& layers, const Calibration& calibration, LayerErrors& errors)
      : layers_(layers), calibration_(calibration), errors_(errors) {}

  // The quantizer of an operand of a chosen layer. kUsage: a rule that a scale per token cannot
  // have, a static scale without calibration data.
  Result<ActivationQuantizer> quantizer(std::size_t layer, std::size_t operand,
                                        const quant::ActivationSetting& setting);

  void forget() { scales_.clear(); }  // results of older calibration data

 private:
  Result<float> scale(std::size_t layer, std::size_t operand,
                      const quant::ActivationSetting& setting);
  Result<float> better_scale(std::size_t layer, const quant::ActivationSetting& setting,
                             float scale);

  const ChosenLayers& layers_;
  const Calibration& calibration_;
  LayerErrors& errors_;
  using Known = std::vector<std::pair<quant::ActivationSetting, float>>;
  std::map<std::pair<std::size_t, std::size_t>, Known> scales_;  // key: (layer, operand)
};

}  // namespace posittune::engine
