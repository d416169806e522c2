#pragma once

// What a search asks of a graph before an engine takes its nodes.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/model/graph.h"

namespace posittune::model {

// For each weight a text that it shares with those whose layers read the same input (q, k and v); empty for the
// others. While the graph has its nodes.
std::vector<std::string> input_ties(const Graph& graph, const std::vector<bool>& chosen);

// Sum of squares of each weight that a chosen layer uses; 0 for the others.
Result<std::vector<double>> weight_squares(const Graph& graph, const std::vector<bool>& chosen);

}  // namespace posittune::model
