#include "posittune/engine/chosen_layers.h"

#include <algorithm>

#include "posittune/base/interrupt.h"

namespace posittune::engine {

std::size_t ChosenLayers::operands(std::size_t layer) const {
  return graph.layers[layer].kind->operands;
}

std::size_t ChosenLayers::cols(std::size_t layer) const {
  return graph.weights[*graph.layers[layer].weight].cols;
}

std::string ChosenLayers::where(std::size_t layer) const {
  return "layer '" + graph.layers[layer].name + "'";
}

Status ChosenLayers::check_weight(std::size_t weight) const {
  if (stores[weight]) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "no chosen layer uses this weight",
               .where = "weight '" + graph.weights[weight].name + "'"};
}

Status load_weights(ChosenLayers& layers, std::size_t compensated_bytes) {
  const model::Graph& graph = layers.graph;
  layers.stores.resize(graph.weights.size());
  double all = 0;
  for (const model::Weight& weight : graph.weights) all += static_cast<double>(weight.size());
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    const bool used = std::any_of(weight.layers.begin(), weight.layers.end(),
                                  [&](std::size_t l) { return layers.chosen[l]; });
    if (!used) continue;
    if (const Status going = check_interrupt(); !going) return going.error();
    auto values = model::weight_values(graph, w);
    if (!values) return values.error();
    const double share = static_cast<double>(weight.size()) / all;
    layers.stores[w].emplace(
        weight.name, weight.rows, weight.cols, std::move(*values),
        static_cast<std::size_t>(share * static_cast<double>(compensated_bytes)));
  }
  return success();
}

}  // namespace posittune::engine
