// Session::inspect.

#include "posittune/session/inspect.h"

#include <algorithm>

#include "posittune/session/session.h"

namespace posittune::session {

bool has_open_dimension(const model::Graph& graph,
                        const std::map<std::string, TensorShape>& shapes) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(), [&](const TensorInfo& input) {
    return !shapes.contains(input.name) &&
           std::any_of(input.dims.begin(), input.dims.end(), [](std::int64_t d) { return d < 0; });
  });
}

Result<Inspection> Session::inspect(const InspectOptions& options) {
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  auto sizes = model::count_sizes(*graph, options.shapes);
  // Without shapes each open dimension is 1, which not every model takes.
  if (!sizes && !options.shapes.empty()) return sizes.error();
  if (!sizes) graph->notes.push_back("MACs are not known for this model without --shape");
  if (sizes && has_open_dimension(*graph, options.shapes))
    graph->notes.push_back("MACs are for 1 in each open dimension; --shape gives others");
  if (selection_.attention) {
    if (std::string note = model::attention_note(*graph); !note.empty())
      graph->notes.push_back(std::move(note));
  }
  std::vector<quant::Summary> summaries;
  for (std::size_t w = 0; w < graph->weights.size(); ++w) {
    auto values = model::weight_values(*graph, w);
    if (!values) return values.error();
    summaries.push_back(quant::summarize(*values));
  }
  Inspection found{source_.model,
                   std::move(*graph),
                   {},
                   sizes ? sizes->products : std::vector<model::LayerSizes>()};
  found.products.resize(found.graph.products.size());
  for (std::size_t i = 0; i < found.graph.layers.size(); ++i) {
    const auto& weight = found.graph.layers[i].weight;
    found.rows.push_back({.quantized = chosen_[i],
                          .macs = sizes ? std::optional(sizes->layers[i].macs) : std::nullopt,
                          .summary = weight ? summaries[*weight] : quant::Summary{}});
  }
  return found;
}

}  // namespace posittune::session
