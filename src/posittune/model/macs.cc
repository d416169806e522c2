#include <algorithm>
#include <openvino/core/model.hpp>

#include "posittune/base/memory.h"
#include "posittune/model/graph.h"
#include "posittune/model/products.h"
#include "posittune/model/sites.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

Result<std::map<std::string, ov::PartialShape>> full_shapes(
    const Graph& graph, const std::map<std::string, TensorShape>& shapes) {
  std::map<std::string, ov::PartialShape> full;
  for (const TensorInfo& input : graph.inputs) {
    ov::Shape shape;
    for (const std::int64_t dim : input.dims)
      shape.push_back(dim < 0 ? 1 : static_cast<std::size_t>(dim));
    full[input.name] = shape;
  }
  for (const auto& [name, shape] : shapes) {
    const auto input =
        std::find_if(graph.inputs.begin(), graph.inputs.end(),
                     [&wanted = name](const TensorInfo& info) { return info.name == wanted; });
    if (input == graph.inputs.end()) {
      std::string known;
      for (const TensorInfo& info : graph.inputs) known += (known.empty() ? "" : ", ") + info.name;
      return Error{.kind = ErrorKind::kUsage,
                   .what = "the model has no input '" + name + "'",
                   .where = "`shapes`, " + graph.path,
                   .expected = known};
    }
    bool fits = shape.size() == input->dims.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) {
      fits = (shape[i] > 0 || i > 0) &&  // an empty cache, but not no items
             (input->dims[i] < 0 || shape[i] == static_cast<std::size_t>(input->dims[i]));
    }
    if (!fits) {
      std::string wanted;
      for (const std::int64_t dim : input->dims)
        wanted += (wanted.empty() ? "" : ",") + (dim < 0 ? std::string("?") : std::to_string(dim));
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a shape does not fit the model's input",
                   .where = "`shapes`, " + graph.path + ", input '" + name + "'",
                   .expected = wanted,
                   .found = to_string(shape)};
    }
    full[name] = ov::Shape(shape);
  }
  return full;
}

LayerSizes sizes_of(const Layer& layer, const ov::Node& node) {
  LayerSizes sizes;
  const auto open = [&node](std::size_t port) {
    return node.get_input_partial_shape(port).is_dynamic();
  };
  const bool two = layer.kind->operands == 2;
  const std::size_t data = layer.kind->data_port;
  if (node.get_output_partial_shape(0).is_dynamic() || open(data) ||
      (two && open(layer.kind->other_port())))
    return sizes;
  sizes.known = true;
  sizes.macs = layer.kind->operands == 0 ? 0 : macs_of(node);
  sizes.inputs = ov::shape_size(node.get_input_shape(data)) +
                 (two ? ov::shape_size(node.get_input_shape(layer.kind->other_port())) : 0);
  sizes.outputs = ov::shape_size(node.get_output_shape(0));
  return sizes;
}

}  // namespace

std::map<std::string, TensorShape> run_shapes(const Graph& graph,
                                              std::map<std::string, TensorShape> item) {
  for (const TensorInfo& input : graph.inputs) {
    const auto found = item.find(input.name);
    if (found == item.end() || found->second.empty() || input.dims.empty()) continue;
    if (input.dims[0] > 0) found->second[0] = static_cast<std::size_t>(input.dims[0]);
  }
  return item;
}

Result<ModelSizes> count_sizes(const Graph& graph,
                               const std::map<std::string, TensorShape>& shapes) {
  if (!graph.ov_model) {
    return Error{.kind = ErrorKind::kInternal,
                 .what = "sizes are counted before an engine is made, which takes the nodes",
                 .where = graph.path,
                 .expected = "a graph as load() gives it"};
  }
  auto full = full_shapes(graph, shapes);
  if (!full) return full.error();
  ModelSizes sizes{std::vector<LayerSizes>(graph.layers.size()),
                   std::vector<LayerSizes>(graph.products.size())};
  try {
    const std::shared_ptr<ov::Model> copy = graph.ov_model->clone();
    copy->reshape(*full);
    // By type too: the weight of a grouped convolution is reshaped by a node of the same name.
    std::map<std::string, std::vector<const ov::Node*>> nodes;
    const auto key = [](const ov::Node& node) {
      return std::string(node.get_type_name()) + " " + node.get_friendly_name();
    };
    for (const auto& node : copy->get_ordered_ops()) nodes[key(*node)].push_back(node.get());
    std::map<std::string, std::size_t> used;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      const std::string name = key(*layer.node);
      const auto found = nodes.find(name);
      if (found == nodes.end() || found->second.size() <= used[name]) continue;
      sizes.layers[i] = sizes_of(layer, *found->second[used[name]++]);
    }
    if (graph.products.empty()) return sizes;
    const std::map<std::string, LayerSizes> sites = sizes_of_sites(*copy);
    for (std::size_t i = 0; i < graph.products.size(); ++i) {
      const auto found = sites.find(graph.products[i].name);
      if (found != sites.end()) sizes.products[i] = found->second;
    }
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(graph.path);
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model does not accept these input shapes",
                 .where = "`shapes`, " + graph.path,
                 .found = std::string(error.what()).substr(0, 300)};
  }
  return sizes;
}

Result<std::vector<std::uint64_t>> count_macs(const Graph& graph,
                                              const std::map<std::string, TensorShape>& shapes) {
  auto sizes = count_sizes(graph, shapes);
  if (!sizes) return sizes.error();
  std::vector<std::uint64_t> macs;
  for (const LayerSizes& each : sizes->layers) macs.push_back(each.macs);
  return macs;
}

bool has_open_dimension(const Graph& graph, const std::map<std::string, TensorShape>& shapes) {
  return std::ranges::any_of(graph.inputs, [&](const TensorInfo& input) {
    return !shapes.contains(input.name) &&
           std::ranges::any_of(input.dims, [](std::int64_t size) { return size < 0; });
  });
}

}  // namespace posittune::model
