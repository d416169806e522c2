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

  // The error of a weight, see Engine::weight_error; of a chosen layer with a weight and a setting
  // that fits it.
  Result<OutputError> of_weight(std::size_t layer, const quant::WeightSetting& setting);

  // The error of an input, with FP32 weights, on the sample; of a chosen layer with a weight and an
  // operand to round. kUsage: not calibrated; kUnsupported: a layer that cannot run by itself.
  Result<OutputError> of_input(std::size_t layer, const ActivationQuantizer& quantizer);

  // The error of given inputs x, whole tokens or images, one number for each.
  Result<std::vector<double>> of_tokens(std::size_t layer, const ActivationQuantizer& quantizer,
                                        std::span<const float> x);

  void forget();  // what followed from older calibration data

 private:
  // The Gram matrix G = W^T W of the layer that was asked for last.
  struct WeightGram {
    std::size_t layer = 0;
    InputCovariance rows;
    double signal = 0;  // of the sample, at the output
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
  std::map<std::size_t, std::optional<double>> signals_;  // of outputs, by layer
  std::optional<WeightGram> gram_;
};

}  // namespace posittune::engine
