#pragma once

// Input ties: which layers read the same input.

#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// Gives each weight a text. Weights whose layers read the same input (q, k and v) get equal texts;
// weights that share their input with none get an empty one. The graph must still have its nodes.
std::vector<std::string> input_ties(const Graph& graph, const std::vector<bool>& chosen);

}  // namespace posittune::model
