#pragma once

// Model and data, opened and checked.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/data_yaml.h"
#include "posittune/data/splits.h"
#include "posittune/model/graph.h"
#include "posittune/session/spec.h"

namespace posittune::session {

// The source of a session: files of a model and its data, and what the user says of the model's
// inputs.
struct Source {
  std::string model;        // the file
  data::SplitSpecs splits;  // none where there is no data
};
// Resolves specs, and reads a data.yaml. kUsage where they contradict each other.
Result<Source> resolve(const ModelSpec& model, const DataSpec& data);
// Resolves a model alone.
Result<Source> resolve(const ModelSpec& model);
// Requires data: kUsage where neither the spec nor the model names any.
Status require_data(const Source& source);

struct OpenedModel {
  model::Graph graph;
  std::vector<bool> chosen;   // [layer of the graph]
  Tensors constants;          // inputs of the file that the graph has none for
  std::string inputs_config;  // lines of a configuration: constants and axes of items
};
Result<OpenedModel> open_model(const Source& source, const model::Selection& selection);

Result<data::Splits> open_splits(const Source& source, const DataSpec& data,
                                 const std::vector<TensorInfo>& inputs);

// The SHA-256 of a model: of the file, and of the weights beside it: IR's .bin, and the files that
// ONNX tensors name as theirs (names below 128 bytes).
Result<std::string> model_sha256(const std::string& path);

}  // namespace posittune::session
