#pragma once

// Fake quantization of activations as nodes of an ONNX graph, all standard operators.

#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/exporter/onnx_graph.h"
#include "posittune/quant/recipe.h"

namespace posittune::exporter {

// An input of a layer that is rounded.
struct InputQuantizer {
  quant::ActivationSetting setting;
  std::optional<float> scale;  // none: chosen per token
  bool images = false;         // a token is an image (all axes but the first), else the last axis
};

// Adds the nodes that round tensor `x` (of ONNX type `data_type`) and returns the rounded tensor,
// of the same type. NaN stays NaN, and an infinity becomes NaN in posits and the largest value in
// other formats. int8 with a static scale is QuantizeLinear and DequantizeLinear; a scale per token
// is computed as quant::direct_scale() does, in float32. kUnsupported: formats of more than 16
// bits.
Result<std::string> add_input_rounding(OnnxGraph& graph, const std::string& x, int data_type,
                                       const InputQuantizer& quantizer);

}  // namespace posittune::exporter
