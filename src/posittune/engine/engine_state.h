#pragma once

// The objects of an engine, in the order in which they know of each other (internal).

#include "posittune/engine/applied_recipe.h"
#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/compensator.h"
#include "posittune/engine/compiled_model.h"
#include "posittune/engine/engine.h"
#include "posittune/engine/layer_errors.h"
#include "posittune/engine/layer_quantizers.h"

namespace posittune::engine {

struct Engine::State {
  ChosenLayers layers{};
  Calibration calibration{layers};
  Compensator compensator{layers, calibration};
  LayerErrors errors{layers, calibration, compensator};
  LayerQuantizers quantizers{layers, calibration, errors};
  AppliedRecipe recipe{layers, calibration, compensator, quantizers};
  CompiledModel model{layers};
};

}  // namespace posittune::engine
