#pragma once

// What a layer's bias takes back of the rounding of its weight.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"

namespace posittune::engine {

// The mean of (W - q(W)) x over all calibration data, a number for each output channel, of
// `prepared` with its values; null where the setting asks for none or nothing is known of x. At the
// borders of images, padding counts as the rest.
std::shared_ptr<const std::vector<float>> bias_shift(
    const ChosenLayers& layers, const Calibration& calibration, std::size_t layer,
    const std::optional<quant::WeightSetting>& setting, const PreparedWeight& prepared);

}  // namespace posittune::engine
