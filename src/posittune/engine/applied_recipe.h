#pragma once

// AppliedRecipe: the recipe that the layers of a model follow now.

#include <cstddef>
#include <optional>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/compensator.h"
#include "posittune/engine/layer_quantizers.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

class AppliedRecipe {
 public:
  // The arguments outlive this.
  AppliedRecipe(ChosenLayers& layers, const Calibration& calibration, Compensator& compensator,
                LayerQuantizers& quantizers)
      : layers_(layers),
        calibration_(calibration),
        compensator_(compensator),
        quantizers_(quantizers) {}

  const quant::Recipe& current() const { return recipe_; }

  // Sets FP32 in the nodes of a model that was just compiled.
  Status begin();

  // Applies a recipe whose names and settings were checked (recipe_check.h). Only differences to
  // the current one are prepared, one weight at a time. After an error the nodes follow the current
  // recipe, or, where that needs more memory than there is, none: broken() then says so.
  Status apply(const quant::Recipe& next);
  const std::optional<Error>& broken() const { return broken_; }

 private:
  Status follow(const quant::Recipe& next);
  Status set_activations(const quant::Recipe& next);
  Status prepare_weights(const quant::Recipe& next);
  Forms needed_forms(const quant::Recipe& next, std::size_t weight) const;
  Path path_of(const quant::Recipe& of, std::size_t layer) const;

  ChosenLayers& layers_;
  const Calibration& calibration_;
  Compensator& compensator_;
  LayerQuantizers& quantizers_;
  quant::Recipe recipe_;
  std::vector<Forms> forms_;  // [weight]: prepared forms
  std::vector<std::optional<quant::WeightSetting>> settings_;
  std::optional<Error> broken_;
};

}  // namespace posittune::engine
