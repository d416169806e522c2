#pragma once

// Zoo: the models that come with the project, and published ones that a script fetches.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::session {

struct ZooModel {
  std::string name, summary;
  std::string fetch{};  // command that makes the folder; empty: it comes with the project
  // Folder of the model, also if it is not there yet. Empty where there is no zoo, and in an
  // installed project for models to be fetched: these are then named by path.
  std::string folder{};
  bool present = false;

  std::string model() const { return folder + "/model.onnx"; }
  std::string data() const { return folder + "/data.yaml"; }
};

// Models of the zoo. It is at POSITTUNE_ZOO, or in `zoo` of the current folder or of a folder above
// the executable; fetched models are in build/models beside it.
std::vector<ZooModel> zoo_models();

// A model argument: a path, or "zoo:NAME", which stands for a model and its data.
struct ModelArgument {
  std::string model;
  std::string data;  // empty for a path
};
Result<ModelArgument> resolve_model(const std::string& argument);

}  // namespace posittune::session
