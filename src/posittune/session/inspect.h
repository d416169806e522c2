#pragma once

// Inspection: what can be quantized in a model, and what cannot and why.

#include <map>
#include <string>

#include "posittune/base/tensor.h"

namespace posittune::session {

struct InspectOptions {
  // Shapes of inputs, for MACs; other open dimensions are 1.
  std::map<std::string, TensorShape> shapes{};
};

}  // namespace posittune::session
