// Session::inspect.

#include "posittune/session/inspect.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "posittune/quant/summary.h"
#include "posittune/session/session_state.h"

namespace posittune::session {

namespace {

std::optional<std::uint64_t> macs_of(const std::vector<model::LayerSizes>& sizes, std::size_t at) {
  const bool known = at < sizes.size() && sizes[at].known;
  return known ? std::optional(sizes[at].macs) : std::nullopt;
}

Result<std::vector<records::InspectedWeight>> weights_of(const model::Graph& graph) {
  std::vector<records::InspectedWeight> weights;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    auto values = model::weight_values(graph, w);
    if (!values) return values.error();
    const quant::Summary summary = quant::summarize(*values);
    const model::Weight& weight = graph.weights[w];
    weights.push_back({.name = weight.name,
                       .shape = weight.shape,
                       .channels = weight.rows,
                       .parameters = weight.size(),
                       .min = double{summary.min},
                       .max = double{summary.max},
                       .rms = summary.rms,
                       .kurtosis = summary.kurtosis});
    for (const std::size_t user : weight.layers)
      weights.back().layers.push_back(graph.layers[user].name);
  }
  return weights;
}

void add_products(const model::Graph& graph, const std::vector<model::LayerSizes>& sizes,
                  records::Inspection& to) {
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    const model::Product& product = graph.products[p];
    to.products.push_back({.name = product.name,
                           .kind = product.type,
                           .reason = product.reason,
                           .constants = product.constants,
                           .elements = product.elements,
                           .bytes = product.bytes,
                           .already_quantized = product.of_8_bits,
                           .macs = macs_of(sizes, p),
                           .note = p < sizes.size() ? sizes[p].note : "",
                           .text = model::to_text(product)});
  }
  for (const model::Product& product : graph.elementwise) {
    to.elementwise.push_back({.name = product.name,
                              .kind = product.type,
                              .constants = product.constants,
                              .elements = product.elements,
                              .bytes = product.bytes,
                              .where = product.reason});
  }
}

}  // namespace

Result<records::Inspection> SessionState::inspect(const InspectOptions& options) {
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  auto sizes = model::count_sizes(*graph, options.shapes);
  // Without shapes each open dimension is 1, which not every model takes.
  if (!sizes && !options.shapes.empty()) return sizes.error();
  auto weights = weights_of(*graph);
  if (!weights) return weights.error();
  records::Inspection found{.model = source_.model,
                            .rows = {},
                            .products = {},
                            .elementwise = {},
                            .notes = graph->notes,
                            .weights = graph->weights.size(),
                            .other_parameters = graph->other_parameters,
                            .other_bytes = graph->other_bytes};
  if (!sizes) found.notes.emplace_back("MACs are not known for this model without `shapes`");
  if (sizes && model::has_open_dimension(*graph, options.shapes))
    found.notes.emplace_back("MACs are for 1 in each open dimension; `shapes` gives others");
  if (selection_.attention) {
    if (std::string note = model::attention_note(*graph); !note.empty())
      found.notes.push_back(std::move(note));
  }
  for (std::size_t l = 0; l < graph->layers.size(); ++l) {
    const model::Layer& layer = graph->layers[l];
    found.rows.push_back(
        {.name = layer.name,
         .kind = std::string(layer.kind->name),
         .weight = layer.weight ? std::optional((*weights)[*layer.weight]) : std::nullopt,
         .input_shape = layer.input_shape,
         .output_shape = layer.output_shape,
         .groups = layer.groups,
         .macs = sizes ? std::optional(sizes->layers[l].macs) : std::nullopt,
         .quantized = chosen_[l]});
  }
  add_products(*graph, sizes ? sizes->products : std::vector<model::LayerSizes>(), found);
  for (const model::Weight& each : graph->weights) found.parameters += each.size();
  return found;
}

}  // namespace posittune::session
