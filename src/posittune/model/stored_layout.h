#pragma once

// Where the elements of a weight's matrix lie in the tensor that the file stores.

#include <cstddef>
#include <vector>

#include "posittune/base/tensor.h"

namespace posittune::model {

// An axis of a stored tensor, or a part of one that was split.
struct StoredAxis {
  std::size_t size = 1, stride = 1;  // stride in elements
  friend bool operator==(const StoredAxis&, const StoredAxis&) = default;
};

// Element (row, column) of the matrix lies at sum of index * stride over the axes of both, where
// the indices are the digits of the row and of the column, first axis most significant.
struct StoredLayout {
  std::vector<StoredAxis> rows, cols;
  friend bool operator==(const StoredLayout&, const StoredLayout&) = default;
};

// The stored position of each element of a matrix, row by row.
std::vector<std::size_t> stored_positions(const StoredLayout& layout);

}  // namespace posittune::model
