#pragma once

// A quantized model as a folder that transformers loads: its weights snapped to their grids, under
// the names that they have there.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

struct TransformersOptions {
  bool half = false;  // FP16 instead of FP32: half the bytes; what half does not hold is rounded
  std::map<std::string, std::string> names{};  // tensors of weights, where names differ
};

struct ExportedFolder {
  std::string folder;
  std::uint64_t bytes = 0;  // of model.safetensors
  std::vector<std::string> notes;
};

// Writes `folder`, whole or not at all, from `source`: a folder that the model was made from, with
// config.json and safetensors. config.json (but for the type of numbers), the tokenizer and tensors
// that the recipe does not name are taken from there. kInput where the two do not go together,
// kUsage where `folder` exists. What transformers does not do is in the notes: rounding of inputs.
Result<ExportedFolder> export_transformers(const std::string& source, const PortableModel& model,
                                           const TransformersOptions& options,
                                           const std::string& folder);

// model.safetensors alone, without another folder's files.
Result<ExportedFolder> export_safetensors(const std::string& source, const PortableModel& model,
                                          const TransformersOptions& options,
                                          const std::string& path);

// What no format of other engines says of a recipe: how inputs are rounded, how sums are.
std::vector<std::string> notes_on_inputs(const PortableModel& model);

}  // namespace posittune::exporter
