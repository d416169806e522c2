#pragma once

// A quantized weight as nodes of an ONNX graph: codes, table of values, scales.

#include <string>

#include "posittune/base/result.h"
#include "posittune/exporter/onnx_graph.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

// What a runtime does with the tables when it loads a model.
enum class LutStyle {
  kFoldable,  // it may compute all weights in FP32 then: fast runs, memory of an FP32 model
  kResident,  // codes stay codes, and are decoded in each run: small memory, slow runs
};

// Adds the nodes that give the weight in its stored shape, of ONNX type `data_type`; returns their
// output, called `output` unless that is empty. Uses DequantizeLinear where the opset has it for
// the format, else a table of the format's values that codes select from. kUnsupported where the
// weight's place in the stored tensor is not known.
Result<std::string> add_weight(OnnxGraph& graph, const PortableWeight& weight, LutStyle style,
                               int data_type, const std::string& output = "");

}  // namespace posittune::exporter
