#pragma once

// Inspection: what can be quantized in a model, and what cannot and why.

#include <map>
#include <string>

#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"

namespace posittune::session {

struct InspectOptions {
  // Shapes of inputs, for MACs; other open dimensions are 1.
  std::map<std::string, TensorShape> shapes{};
};

// Whether an input without an entry in `shapes` has an open dimension, which then counts as 1.
bool has_open_dimension(const model::Graph& graph,
                        const std::map<std::string, TensorShape>& shapes);

}  // namespace posittune::session
