#pragma once

// The chosen layers of a model: what calibration, compensation and errors of layers share.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/operation.h"
#include "posittune/engine/quantized_node.h"
#include "posittune/engine/weight_store.h"
#include "posittune/model/graph.h"

namespace posittune::engine {

struct ChosenLayers {
  model::Graph graph;        // without nodes once the model is compiled
  std::vector<bool> chosen;  // [layer]
  int threads = 0;
  std::vector<std::optional<WeightStore>> stores;  // [weight]; absent: no chosen layer reads it
  std::vector<std::shared_ptr<NodeState>> nodes;   // [layer]; null: not chosen
  Scratch scratch;

  // The number of operands of a layer that can be rounded: 0, 1 or 2.
  std::size_t operands(std::size_t layer) const;
  std::size_t cols(std::size_t layer) const;  // columns of its weight, which it must have
  // Checks that a chosen layer reads the weight: kUsage.
  Status check_weight(std::size_t weight) const;
  std::string where(std::size_t layer) const;  // "layer 'NAME'", for errors
};

// Fills `stores`. They share `compensated_bytes`, for codes of compensated settings, in proportion
// to their sizes. Errors of model::weight_values.
Status load_weights(ChosenLayers& layers, std::size_t compensated_bytes);

}  // namespace posittune::engine
