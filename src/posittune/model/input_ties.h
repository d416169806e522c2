#pragma once

// Which layers read the same input.

#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// For each weight a text that it shares with those whose layers read the same input (q, k and v);
// empty for the others. While the graph has its nodes.
std::vector<std::string> input_ties(const Graph& graph, const std::vector<bool>& chosen);

}  // namespace posittune::model
