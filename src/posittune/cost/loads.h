#pragma once

// Loads: how much each layer of a model multiplies and moves in one run.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"

namespace posittune::cost {

// The load of a layer, in elements of any format. A weight counts as read once by each layer that
// uses it (twice if two layers share it); an embedding reads the rows it looks up. Inputs are read
// once: an input of several layers counts for each of them, overlapping patches of a convolution
// count once.
struct LayerLoad {
  std::uint64_t macs = 0;  // 0 for embeddings
  // Weights read; 0 for attention. Those of a product in a loop count once, as if kept on the chip.
  std::uint64_t weights = 0;
  // Activations read, both factors of attention; 0 for embeddings, whose inputs are indices.
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  bool known = true;  // false: shapes depend on data, and all four are 0
};

struct Loads {
  std::vector<LayerLoad> layers;    // one for each of graph.layers
  std::vector<LayerLoad> products;  // one for each of graph.products
  std::size_t unknown = 0;          // layers and products whose load is not known
  // Notes: products that may run more often than they are counted, and why.
  std::vector<std::string> notes;
};

// Counts the loads for inputs of these shapes, with arguments and errors of model::count_macs.
Result<Loads> count_loads(const model::Graph& graph,
                          const std::map<std::string, TensorShape>& shapes);

}  // namespace posittune::cost
