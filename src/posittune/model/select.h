#pragma once

// Selection of the layers that are quantized, as a user asks for it.

#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::model {

struct Graph;

// Selection of the layers to quantize: products of two activations only if asked for (`attention`);
// then `include` (empty: all) without `exclude`, ECMAScript regular expressions searched in the
// names of node and weight.
struct Selection {
  std::vector<std::string> include, exclude;
  bool attention = false;
};
// Selects layers: one flag for each. Errors (kUsage): a bad expression, or one that matches
// nothing.
Result<std::vector<bool>> select(const Graph& graph, const Selection& selection);

}  // namespace posittune::model
