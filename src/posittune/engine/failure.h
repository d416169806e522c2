#pragma once

#include <optional>

#include "posittune/base/result.h"

namespace posittune::engine {

// Failure of one run, shared by all nodes of ours in an engine. OpenVINO goes on when a node's
// evaluate() returns false, with what its output tensor held before: whoever calls infer() must
// look here afterwards. Nodes that run behind a failed one do nothing, so that the error is the
// first, and nothing is learnt from such tensors.
struct Failure {
  std::optional<Error> error;
};

}  // namespace posittune::engine
