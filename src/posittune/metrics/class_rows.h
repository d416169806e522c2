#pragma once

// Class rows: an output as rows of class scores (internal).

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/scorer.h"

namespace posittune::metrics {

// Rows of classes, (items, positions, classes), classes last.
struct ClassRows {
  std::size_t items = 0, positions = 0, classes = 0;
  std::span<const float> values;
  std::vector<float> moved;  // holds `values` where the classes of the output are not last

  std::span<const float> item(std::size_t i) const {
    return values.subspan(i * positions * classes, positions * classes);
  }
};

// The rows of classes of a float32 output (items, ...) of at least two dimensions; kInput for
// others.
Result<ClassRows> class_rows(const Tensor& output, Task task, std::optional<int> wanted);

}  // namespace posittune::metrics
