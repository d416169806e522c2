#pragma once

// A quantized model as a folder of the package compressed-tensors: transformers' own files, with
// codes and scales in place of weights, and quantization_config.

#include <map>
#include <string>

#include "posittune/base/result.h"
#include "posittune/exporter/portable_model.h"
#include "posittune/exporter/transformers_export.h"

namespace posittune::exporter {

struct CompressedOptions {
  // Weights that the package has no form for, and tables of embeddings: false: they are refused,
  // true: snapped to their grids, in FP32.
  bool snap = false;
  std::map<std::string, std::string> names{};  // tensors of weights, where names differ
};

// Writes `folder`, whole or not at all, from `source`: a folder that the model was made from.
// kUnsupported for weights without a form, all of them listed; for GPT-2's Conv1D, which the
// package does not know. Other errors are export_transformers()'.
Result<ExportedFolder> export_compressed_tensors(const std::string& source,
                                                 const PortableModel& model,
                                                 const CompressedOptions& options,
                                                 const std::string& folder);

}  // namespace posittune::exporter
