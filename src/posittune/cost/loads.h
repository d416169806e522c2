#pragma once

// How much each layer of a model multiplies and moves in one run.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"

namespace posittune::cost {

// Elements, whatever their format. A weight counts as read once by each layer that uses it (twice
// if two layers share it); an embedding reads the rows it looks up. Inputs are read once: an input
// that several layers read counts for each of them, a convolution's taps that overlap count once.
struct LayerLoad {
  std::uint64_t macs = 0;  // 0 for embeddings
  std::uint64_t weights =
      0;  // read; 0 for attention. Of a product in a loop once, as on-chip memory would keep them
  std::uint64_t inputs =
      0;  // activations read: both factors of attention; 0 for embeddings, whose inputs are indices
  std::uint64_t outputs = 0;
  bool known = true;  // false: shapes depend on data, and all four are 0
};

struct Loads {
  std::vector<LayerLoad> layers;    // one for each of graph.layers
  std::vector<LayerLoad> products;  // one for each of graph.products
  std::size_t unknown = 0;          // of both, those that are not known
  std::vector<std::string>
      notes;  // products that are not counted as often as they may run, and why
};

// For inputs of these shapes, as model::count_macs; the same errors.
Result<Loads> count_loads(const model::Graph& graph,
                          const std::map<std::string, TensorShape>& shapes);

}  // namespace posittune::cost
