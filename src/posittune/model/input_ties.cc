#include "posittune/model/input_ties.h"

#include <algorithm>
#include <map>
#include <openvino/core/node.hpp>
#include <utility>

namespace posittune::model {

std::vector<std::string> input_ties(const Graph& graph, const std::vector<bool>& chosen) {
  std::map<std::pair<const ov::Node*, std::size_t>, std::vector<std::size_t>> readers;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const Layer& layer = graph.layers[l];
    if (!chosen[l] || !layer.weight || layer.kind->operands == 0 || layer.node == nullptr) continue;
    const auto source = layer.node->input_value(0);
    readers[{source.get_node(), source.get_index()}].push_back(*layer.weight);
  }
  std::vector<std::string> ties(graph.weights.size());
  for (auto& [source, weights] : readers) {
    std::sort(weights.begin(), weights.end());
    weights.erase(std::unique(weights.begin(), weights.end()), weights.end());
    if (weights.size() < 2) continue;
    for (const std::size_t w : weights) {
      if (graph.weights[w].layers.size() == 1)
        ties[w] = "input of " + graph.weights[weights.front()].name;
    }
  }
  return ties;
}

}  // namespace posittune::model
