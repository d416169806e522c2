#include "posittune/cost/loads.h"

namespace posittune::cost {

Result<Loads> count_loads(const model::Graph& graph,
                          const std::map<std::string, TensorShape>& shapes) {
  auto sizes = model::count_sizes(graph, shapes);
  if (!sizes) return sizes.error();
  Loads loads;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    const model::LayerSizes& size = sizes->layers[l];
    LayerLoad load{.macs = size.macs,
                   .weights = 0,
                   .inputs = size.inputs,
                   .outputs = size.outputs,
                   .known = size.known};
    if (layer.kind->operands == 0) {
      load.inputs = 0;
      load.weights = size.outputs;
    } else if (layer.weight && size.known) {
      load.weights = graph.weights[*layer.weight].size();
    }
    loads.unknown += size.known ? 0 : 1;
    loads.layers.push_back(load);
  }
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    const model::LayerSizes& size = sizes->products[p];
    loads.products.push_back({.macs = size.macs,
                              .weights = size.weights,
                              .inputs = size.inputs,
                              .outputs = size.outputs,
                              .known = size.known});
    loads.unknown += size.known ? 0 : 1;
    if (!size.note.empty())
      loads.notes.push_back("product '" + graph.products[p].name + "': " + size.note);
  }
  return loads;
}

}  // namespace posittune::cost
