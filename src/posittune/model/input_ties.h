#pragma once

// Input ties: which layers read the same input.

#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// A text for each weight, equal for weights whose layers read the same input (q, k and v); empty
// for weights that share none. The graph must still have its nodes.
std::vector<std::string> input_ties(const Graph& graph, const std::vector<bool>& chosen);

}  // namespace posittune::model
