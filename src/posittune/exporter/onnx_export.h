#pragma once

// A quantized model as ONNX: the user's own graph, with weights as codes and rounded inputs, all
// standard operators.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/onnx_file.h"
#include "posittune/exporter/onnx_weight.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

enum class WeightForm {
  kCodes,  // codes, tables and scales
  kFp32,   // numbers, snapped to the grid of their format
  kFp16,   // the same rounded to half, which most values of small formats with their scales are
};

struct OnnxOptions {
  LutStyle style = LutStyle::kFoldable;
  WeightForm weights = WeightForm::kCodes;
};

struct ExportedOnnx {
  WrittenFiles files;
  std::uint64_t weight_bytes = 0;  // of codes, tables and scales of weights
  std::vector<std::string> notes;
};

// Writes the model at `source` with the numbers of `model` to `path`. Names, inputs, outputs, opset
// and what the recipe does not name stay as they are. kUnsupported: an opset below 11, a layer or a
// weight that the file has under no name, formats that have no form in ONNX. kInput: the file's
// tensors are not those of `model`.
Result<ExportedOnnx> export_onnx(const std::string& source, const PortableModel& model,
                                 const OnnxOptions& options, const std::string& path);

// What a weight or an input is rounded to, in words: "posit<8,1> per channel (mse_pow2)".
std::string describe(const quant::WeightSetting& setting);
std::string describe(const quant::ActivationSetting& setting);

}  // namespace posittune::exporter
