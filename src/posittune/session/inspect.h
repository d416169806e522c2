#pragma once

// What can be quantized in a model, and what cannot and why.

#include <map>
#include <string>

#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"

namespace posittune::session {

struct InspectOptions {
  std::map<std::string, TensorShape>
      shapes{};  // of inputs, for MACs; 1 for each open dimension that none names
};

// Whether an input that `shapes` does not name leaves a dimension open: it counts as 1.
bool has_open_dimension(const model::Graph& graph,
                        const std::map<std::string, TensorShape>& shapes);

}  // namespace posittune::session
