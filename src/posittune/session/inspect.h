#pragma once

// What can be quantized in a model, and what cannot and why.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"
#include "posittune/quant/summary.h"

namespace posittune::session {

struct InspectOptions {
  std::map<std::string, TensorShape>
      shapes{};  // of inputs, for MACs; 1 for each open dimension that none names
};

struct Inspection {
  std::string model;
  model::Graph graph;  // its layers, weights, products and notes
  struct Row {
    bool quantized = false;               // by the selection
    std::optional<std::uint64_t> macs{};  // none: not known for these shapes
    quant::Summary summary{};             // of the weight; zeros without one
  };
  std::vector<Row> rows;                    // of graph.layers
  std::vector<model::LayerSizes> products;  // of graph.products
};

// Whether an input that `shapes` does not name leaves a dimension open: it counts as 1.
bool has_open_dimension(const model::Graph& graph,
                        const std::map<std::string, TensorShape>& shapes);

}  // namespace posittune::session
