#pragma once

// A model's numbers under a recipe: what an exporter writes, and what other runtimes compute with.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "posittune/engine/quantized_weight.h"
#include "posittune/metrics/scorer.h"
#include "posittune/quant/recipe.h"

namespace posittune::session {

struct QuantizedOptions {
  quant::Recipe recipe{};
  std::string model_sha256{};  // of the model that the recipe is for: quant::RecipeFile
  // As compare() has them, since calibration depends on both in the last bit: the output that
  // changes of embeddings are measured on, and the items to a run.
  metrics::ScoreRequest scores{};
  std::size_t batch = 0;
};

struct QuantizedModel {
  quant::Recipe recipe;
  // The layers whose inputs can be rounded and that have a weight, with its name; in the order of
  // execution.
  std::vector<std::pair<std::string, std::string>> layers;
  std::map<std::string, engine::QuantizedWeight> weights;  // key: name of the weight
  // Scales of inputs, by the layer's name: one for each operand that the recipe rounds. Layers
  // whose scales are chosen per token have none here.
  std::map<std::string, std::vector<float>> input_scales;
  // Corrections, added to biases: one for each output channel, by the layer's name; may be empty.
  std::map<std::string, std::vector<float>> corrections;
};

}  // namespace posittune::session
