#pragma once

// Bias correction: the mean error of rounding a weight, which the layer's bias cancels.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"

namespace posittune::engine {

// Makes the shift of a layer's output: the mean of (W - q(W)) x over all calibration data, one
// number for each output channel. `prepared` must hold its values. Null where the setting does not
// ask for it, or x has no statistics. Padding at the borders of images is treated as the rest of
// the image.
std::shared_ptr<const std::vector<float>> bias_shift(
    const ChosenLayers& layers, const Calibration& calibration, std::size_t layer,
    const std::optional<quant::WeightSetting>& setting, const PreparedWeight& prepared);

}  // namespace posittune::engine
