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

struct ExportOptions;
struct ExportResult;

// What is exported: the model's numbers, the file that they are of, and what was asked for.
struct ExportSource {
  const exporter::PortableModel& model;
  std::string file;
  const ExportOptions& options;
};

// A target. A new one is an entry of export_targets.cc.
struct ExportTarget {
  std::string_view name, ending, help;  // ending: of the default file or folder
  bool needs_numbers = true;            // false: a recipe is enough
  Status (*write)(const ExportSource& source, ExportResult& result);
};
std::span<const ExportTarget> export_targets();
Result<const ExportTarget*> parse_export_target(
    std::string_view text);  // kUsage names the known ones

struct ExportOptions {
  QuantizedOptions numbers{};
  std::string archive{};  // numbers of an archive in place of those: they are not computed
  const ExportTarget* target = nullptr;
  // Keeps codes in the memory of onnxruntime, which then looks values up in every run; otherwise it
  // may fold them to FP32 when it loads the model, and runs faster.
  bool resident = false;
  // A folder that transformers loads, which the model was made from: for targets that take its
  // names, its settings and its tokenizer.
  std::string hub{};
  // For engines with formats of their own: weights in others are snapped to their grids and stored
  // as floats; otherwise they are refused.
  bool snap = false;
  std::string output{};  // path of the file, or of the folder
};

struct ExportResult {
  std::vector<std::string> files;
  std::uint64_t bytes = 0;         // of all files
  std::uint64_t weight_bytes = 0;  // of codes, tables and scales of the recipe's weights; 0: no
                                   // file of codes
  double promised_bytes = 0;       // quant::stored_bits() of the same weights
  std::vector<std::string> notes;
  double seconds = 0;
};

}  // namespace posittune::session
