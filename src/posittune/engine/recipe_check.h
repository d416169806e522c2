#pragma once

// Recipe checks: what a recipe says of a weight or a layer of a model, and whether it fits.

#include <cstddef>
#include <optional>
#include <vector>

#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/compensator.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// The setting of a weight or of a layer's input; none: FP32.
std::optional<quant::WeightSetting> weight_setting(const quant::Recipe& recipe,
                                                   const model::Graph& graph, std::size_t weight);
std::optional<quant::ActivationSetting> activation_setting(const quant::Recipe& recipe,
                                                           const model::Graph& graph,
                                                           std::size_t layer);

// All formats that rows may have.
std::vector<formats::Format> formats_of(const quant::WeightSetting& setting);

// Checks names: kUsage for one that no chosen layer has, with the nearest ones.
Status check_names(const quant::Recipe& recipe, const ChosenLayers& layers);

// Checks weights: kUsage for groups or windows that do not fit a format or a weight, and for
// calibration data that are missing.
Status check_weights(const quant::Recipe& recipe, const ChosenLayers& layers,
                     const Compensator& compensator);

}  // namespace posittune::engine
