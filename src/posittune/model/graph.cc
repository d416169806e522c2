#include "posittune/model/graph.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <openvino/core/model.hpp>
#include <openvino/core/version.hpp>
#include <set>
#include <unordered_map>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/model/declared_shapes.h"
#include "posittune/model/inventory.h"
#include "posittune/model/products.h"
#include "posittune/model/read.h"
#include "posittune/model/rewrite.h"
#include "posittune/model/run_inputs.h"
#include "posittune/model/tensors.h"
#include "posittune/model/weights.h"
#include "posittune/model/widen.h"

namespace posittune::model {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

// Fills graph.layers and graph.weights from the nodes of the model.
class Finder {
 public:
  explicit Finder(Graph& graph) : graph_(graph), constants_(constant_nodes(*graph.ov_model)) {}

  Status find() {
    for (const auto& node : graph_.ov_model->get_ordered_ops()) {
      if (constants_.contains(node.get()) || is_of_run(*node)) continue;
      if (!may_be_layer(*node)) continue;
      const LayerKind* kind = verdict_on(*node, constants_).kind;
      if (kind == nullptr) continue;
      if (!kind->weight_port) {
        add(node, *kind);
      } else if (const Status added = add_weighted(node, *kind); !added) {
        return added.error();
      }
    }
    return success();
  }

 private:
  Layer& add(const std::shared_ptr<ov::Node>& node, const LayerKind& kind) {
    Layer layer{.name = node_name(*node),
                .kind = &kind,
                .weight = {},
                .input_shape = node->get_input_partial_shape(kind.data_port).to_string(),
                .output_shape = node->get_output_partial_shape(0).to_string(),
                .node = node};
    const int used = ++names_[layer.name];
    if (used > 1) layer.name += "#" + std::to_string(used);
    graph_.layers.push_back(std::move(layer));
    return graph_.layers.back();
  }

  // A weight that is stored once is one weight, unless two layers see different matrices of it.
  Status add_weighted(const std::shared_ptr<ov::Node>& node, const LayerKind& kind) {
    const std::size_t index = graph_.layers.size();
    Layer& layer = add(node, kind);
    layer.groups = arrangement(layer).groups;
    const MatrixShape shape = matrix_shape(layer);
    const ov::Output<ov::Node> source = weight_source(node->input_value(weight_input(layer)));
    for (const std::size_t known : by_source_[source]) {
      Weight& weight = graph_.weights[known];
      auto same = equal_matrices(weight, layer, shape);
      if (!same) return same.error();
      if (*same) {
        layer.weight = known;
        weight.layers.push_back(index);
        return success();
      }
    }
    layer.weight = graph_.weights.size();
    by_source_[source].push_back(*layer.weight);
    std::string name = source.get_node()->get_friendly_name();
    const int used = ++weight_names_[name];
    if (used > 1) name += "#" + std::to_string(used);
    graph_.weights.push_back({.name = name,
                              .shape = TensorShape(source.get_shape()),
                              .rows = shape.rows,
                              .cols = shape.cols,
                              .layers = {index},
                              .layout = stored_layout(layer, source)});
    return success();
  }

  Result<bool> equal_matrices(const Weight& weight, const Layer& layer, const MatrixShape& shape) {
    if (weight.rows != shape.rows || weight.cols != shape.cols) return false;
    const Layer& first = graph_.layers[weight.layers.front()];
    const bool same_input = first.node->input_value(weight_input(first)) ==
                            layer.node->input_value(weight_input(layer));
    if (same_input && first.kind == layer.kind && arrangement(first) == arrangement(layer))
      return true;
    auto a = weight_matrix(first);
    if (!a) return a.error();
    auto b = weight_matrix(layer);
    if (!b) return b.error();
    return std::memcmp(a->data(), b->data(), a->size() * sizeof(float)) == 0;
  }

  Graph& graph_;
  std::set<const ov::Node*> constants_;
  std::map<ov::Output<ov::Node>, std::vector<std::size_t>> by_source_;
  std::unordered_map<std::string, int> names_, weight_names_;
};

Error in_file(Error error, const std::string& path) {
  error.where = path + (error.where.empty() ? "" : ", " + error.where);
  return error;
}

// Constants of the run, then the axes of items.
Status settle_inputs(const Graph& graph, const LoadOptions& options) {
  if (options.constants) {
    std::vector<TensorInfo> inputs;
    for (const auto& input : graph.ov_model->inputs()) {
      auto info = tensor_info(input);
      if (!info) return info.error();
      inputs.push_back(*info);
    }
    auto constants = options.constants(inputs);
    if (!constants) return constants.error();
    if (const Status given = give_constants(graph.ov_model, *constants); !given) return given;
  }
  const Status moved = move_batch_axes(graph.ov_model, options.batch_axes);
  return moved ? moved : of_field(moved.error(), "batch_axes");
}

}  // namespace

std::string to_text(const Product& product) {
  std::string text = "node " + quoted(product.name) + " (" + product.type + ") " +
                     (product.integers ? "is left as it is: " : "stays in FP32: ") + product.reason;
  for (const std::string& name : product.constants) {
    text += (&name == &product.constants.front()
                 ? "; multiplies by " + std::to_string(product.elements) + " constants in "
                 : ", ") +
            quoted(name);
  }
  return text;
}

Result<Graph> load(const std::string& path, const LoadOptions& options) {
  auto file = read_file(path);
  if (!file) return file.error();
  Graph graph;
  graph.path = path;
  graph.ov_model = file->model;
  try {
    if (graph.ov_model->outputs().empty()) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "the model has no output",
                   .where = path,
                   .hint = "is the file empty?"};
    }
    if (const Status agree = check_declared(*file, path); !agree) return agree.error();
    auto widened = widen_to_float32(graph.ov_model);
    if (!widened) {
      return in_file(widened.error(), path);
    }
    if (!widened->empty())
      graph.notes.push_back("the file's tensors are " + *widened + "; they are read as float32");
    rewrite_products(graph.ov_model);
    if (const Status given = settle_inputs(graph, options); !given)
      return in_file(given.error(), path);
    for (const auto& input : graph.ov_model->inputs()) {
      auto info = tensor_info(input);
      if (!info) return info.error();
      graph.inputs.push_back(*info);
    }
    for (const auto& output : graph.ov_model->outputs()) {
      auto info = tensor_info(output);
      if (!info) return info.error();
      if (auto dims = declared_dims(*file, info->name, options.batch_axes); !dims.empty())
        graph.declared[info->name] = std::move(dims);
      graph.outputs.push_back(*info);
    }
    if (const Status found = Finder(graph).find(); !found) return found.error();
    take_inventory(graph);
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(path);
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "the model's graph cannot be analysed",
                 .where = path,
                 .found = first_lines(error.what())};
  }
  return graph;
}

Result<std::vector<float>> weight_values(const Graph& graph, std::size_t index) {
  const Weight& weight = graph.weights[index];
  try {
    auto values = weight_matrix(graph.layers[weight.layers.front()]);
    if (!values) return values.error();
    const auto bad =
        std::find_if(values->begin(), values->end(), [](float x) { return !std::isfinite(x); });
    if (bad != values->end()) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "a weight is not a finite number",
                   .where = graph.path + ", tensor " + quoted(weight.name) + ", element " +
                            std::to_string(bad - values->begin()),
                   .expected = "finite values",
                   .found = std::to_string(*bad)};
    }
    return values;
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(graph.path);
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "a weight cannot be computed",
                 .where = graph.path + ", tensor " + quoted(weight.name),
                 .found = first_lines(error.what())};
  }
}

Result<std::vector<double>> weight_squares(const Graph& graph, const std::vector<bool>& chosen) {
  std::vector<double> squares(graph.weights.size(), 0);
  for (std::size_t w = 0; w < squares.size(); ++w) {
    const auto& users = graph.weights[w].layers;
    if (std::none_of(users.begin(), users.end(), [&](std::size_t l) { return chosen[l]; }))
      continue;
    auto values = weight_values(graph, w);
    if (!values) return values.error();
    squares[w] = std::transform_reduce(values->begin(), values->end(), 0.0, std::plus<>(),
                                       [](float x) { return double{x} * x; });
  }
  return squares;
}

std::string openvino_version() { return ov::get_openvino_version().buildNumber; }

}  // namespace posittune::model
