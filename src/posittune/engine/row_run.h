#pragma once

#include <cstddef>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::engine {

// Consecutive rows of a weight that have one format.
struct RowRun {
  std::size_t first = 0, count = 0;
  formats::Format format;
  std::vector<float> scales;  // one for all, one for each row, or rows x groups of columns
};

}  // namespace posittune::engine
