#pragma once

// The objects of an engine without the engine: what each does by itself.

#include <string>
#include <vector>

#include "posittune/engine/applied_recipe.h"
#include "posittune/engine/compiled_model.h"

namespace posittune::test {

// Of model_of_all_kinds(): layers table, product, attention, convolution, transposed; compiled, in
// FP32, not calibrated.
struct Parts {
  explicit Parts(const engine::Calibration::Plan& plan, const std::vector<bool>& chosen = {});

  std::size_t layer(const std::string& name) const;
  std::size_t weight(const std::string& layer_name) const;
  // Of `items` items with the indices i * i % 9, by their number in the batch.
  Tensors run(std::size_t items);
  void calibrate(std::size_t items);

  engine::ChosenLayers layers{};
  engine::Calibration calibration{layers};
  engine::Compensator compensator{layers, calibration};
  engine::LayerErrors errors{layers, calibration, compensator};
  engine::LayerQuantizers quantizers{layers, calibration, errors};
  engine::AppliedRecipe recipe{layers, calibration, compensator, quantizers};
  engine::CompiledModel model{layers};
};

inline constexpr engine::Calibration::Plan kAllCovariances = {
    .covariance_bytes = 1U << 20, .held_out = false, .embedding_columns = 0};

}  // namespace posittune::test
