#pragma once

// Export: a model under a recipe, written for other tools.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/portable_model.h"
#include "posittune/session/quantized_model.h"

namespace posittune::session {

enum class ExportTarget : std::uint8_t {
  kOnnx,  // standard operators: codes, tables and scales of weights, rounding of inputs
  kFp32,  // ONNX, weights snapped to the grids of their formats
  kFp16,  // the same, stored as FP16
};

struct ExportTargetEntry {
  ExportTarget target;
  std::string_view name, ending, help;  // ending: of the default file
};
std::span<const ExportTargetEntry> export_targets();
Result<ExportTarget> parse_export_target(std::string_view text);  // kUsage names the known ones

struct ExportOptions {
  QuantizedOptions numbers{};
  ExportTarget target = ExportTarget::kOnnx;
  // Keeps codes in the memory of onnxruntime, which then looks values up in every run; otherwise it
  // may fold them to FP32 when it loads the model, and runs faster.
  bool resident = false;
  std::string output{};  // path of the file
};

struct ExportResult {
  std::vector<std::string> files;
  std::uint64_t bytes = 0;         // of all files
  std::uint64_t weight_bytes = 0;  // of codes, tables and scales of the recipe's weights
  double promised_bytes = 0;       // quant::stored_bits() of the same weights
  std::vector<std::string> notes;
  double seconds = 0;
};

}  // namespace posittune::session
