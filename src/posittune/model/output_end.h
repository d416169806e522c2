#pragma once

// End of a graph: the last operation before an output.

#include <cstddef>
#include <optional>
#include <string>

#include "posittune/model/graph.h"

namespace posittune::model {

enum class OutputEnd { kOther, kSoftmax, kLogSoftmax, kSigmoid };

struct Ending {
  OutputEnd end = OutputEnd::kOther;
  // The axis of the output that a softmax runs over; none where that is not known, because a
  // transpose or a reshape that moves it stands between.
  std::optional<std::size_t> axis{};
};

// Finds the end of an output; looks through Reshape, Squeeze, Unsqueeze, Transpose, Convert and
// Identity. `output`: as in Graph::outputs. The graph must still have its nodes.
Ending ending_of(const Graph& graph, const std::string& output);

}  // namespace posittune::model
