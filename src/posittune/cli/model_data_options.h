#pragma once

// Options that every command with a model and data has.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/splits.h"
#include "posittune/model/graph.h"

namespace CLI {
class App;
}

namespace posittune::cli {

struct ModelDataOptions {
  std::string model;  // a file, or zoo:NAME
  model::Selection selection;
  int threads = 0;
  // Data: one yaml with all splits, or a path for each.
  std::string data, calibrate, search, report;
  std::string tokenizer, annotations, labels;
  std::size_t sequence = 0, limit = 0;
  std::vector<std::string> constants, batch_axes;  // "NAME=VALUE", "NAME=AXIS"
};

void declare_model_data(CLI::App& app, ModelDataOptions& options);

struct ModelData {
  std::string model_path, model_sha256;
  // What journals know the model by: its hash, and that of all that was said of its inputs.
  std::string model_identity;
  std::string inputs_config{};  // lines of a configuration: constants and axes of items
  model::Graph graph;
  std::vector<bool> chosen;
  data::Splits splits;
};
// Loads the model and opens the data, all checked.
Result<ModelData> open_model_data(const ModelDataOptions& options);

// Of the file, and of the weights beside it: IR's .bin, and the files that ONNX tensors name as theirs
// (names below 128 bytes).
Result<std::string> model_sha256(const std::string& path);

}  // namespace posittune::cli
