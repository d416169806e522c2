#pragma once

// The objects of an engine without the engine: what each does by itself.

#include <string>
#include <vector>

#include "tests/engine/engine_access.h"

namespace posittune::test {

// Of model_of_all_kinds(): layers table, product, attention, convolution, transposed; compiled, in
// FP32, not calibrated.
struct Parts : engine::EngineTestAccess::State {
  explicit Parts(const engine::Calibration::Plan& plan, const std::vector<bool>& chosen = {});

  std::size_t layer(const std::string& name) const;
  std::size_t weight(const std::string& layer_name) const;
  // Of `items` items with the indices i * i % 9, by their number in the batch.
  Tensors run(std::size_t items);
  void calibrate(std::size_t items);
};

inline constexpr engine::Calibration::Plan kAllCovariances = {
    .covariance_bytes = 1U << 20, .held_out = false, .embedding_columns = 0};

}  // namespace posittune::test
