#pragma once

// Layer errors: what a setting does to the output of one layer.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/compensator.h"
#include "posittune/engine/output_error.h"

namespace posittune::engine {

class LayerErrors {
 public:
  // The arguments outlive this.
  LayerErrors(ChosenLayers& layers, Calibration& calibration, Compensator& compensator)
      : layers_(layers), calibration_(calibration), compensator_(compensator) {}

  // The error at the layer's output when its weight is rounded; see Engine::weight_error. The layer
  // is a chosen one with a weight that the setting fits.
  Result<OutputError> of_weight(std::size_t layer, const quant::WeightSetting& setting);

  // The error at the layer's output when its input is rounded, with FP32 weights, on the sample of
  // the calibration data. The layer is a chosen one with a weight and an input of floats. kUsage:
  // not calibrated; kUnsupported: a layer that cannot run by itself.
  Result<OutputError> of_input(std::size_t layer, const ActivationQuantizer& quantizer);

  // The same for given inputs x, whole tokens or images: one error for each of them.
  Result<std::vector<double>> of_tokens(std::size_t layer, const ActivationQuantizer& quantizer,
                                        std::span<const float> x);

  void forget();  // forgets results of older calibration data

 private:
  // The Gram matrix G = W^T W of the layer that was asked for last.
  struct WeightGram {
    std::size_t layer = 0;
    InputCovariance rows;
    double signal = 0;  // mean square of the output over the sample
  };

  Result<OutputError> sampled(std::size_t layer, const LayerSetting& setting,
                              std::span<const float> sample);
  Result<std::vector<double>> product_errors(std::size_t layer,
                                             const ActivationQuantizer& quantizer,
                                             std::span<const float> x);
  OutputError quadratic(std::size_t layer, std::size_t positions, const std::vector<float>& values,
                        const std::vector<float>* shift);
  OutputError scaled(std::size_t layer, std::size_t positions, std::vector<double> rows);
  Result<std::vector<double>> validated_rows(std::size_t layer,
                                             const quant::WeightSetting& setting);
  OutputError of_embedding(std::size_t layer, const std::vector<float>& values);

  ChosenLayers& layers_;
  Calibration& calibration_;
  Compensator& compensator_;
  std::map<std::size_t, std::optional<double>> signals_;  // mean squares of outputs, by layer
  std::optional<WeightGram> gram_;
};

}  // namespace posittune::engine
