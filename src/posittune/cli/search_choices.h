#pragma once

// From options of `posittune search` to what is chosen among, and within what.

#include <vector>

#include "posittune/base/result.h"
#include "posittune/cli/search_job.h"
#include "posittune/model/graph.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/tuning/tuner.h"

namespace posittune::cli {

// Choices, pins, ties and budgets; nothing that needs the model. kUsage for what makes no sense.
Result<tuning::Options> tuning_options(const SearchOptions& options);

// For each weight a text that it shares with those whose layers read the same input (q, k and v); empty for
// the others. While the graph has its nodes.
std::vector<std::string> input_ties(const model::Graph& graph, const std::vector<bool>& chosen);

// Sum of squares of each weight that a chosen layer uses; 0 for the others.
Result<std::vector<double>> weight_squares(const model::Graph& graph, const std::vector<bool>& chosen);

}  // namespace posittune::cli
