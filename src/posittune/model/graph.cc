#include "posittune/model/graph.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <regex>
#include <set>
#include <unordered_map>
#include <utility>

#include <openvino/core/model.hpp>
#include <openvino/frontend/manager.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <openvino/runtime/core.hpp>
#include "posittune/base/memory.h"
#include "posittune/model/tensors.h"
#include "posittune/model/weights.h"
#include "posittune/model/widen.h"

namespace posittune::model {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

// What OpenVINO says, without its source positions.
std::string first_lines(const std::string& message) {
  static const std::regex noise(R"(((Exception|Check) .*(failed|from) .*:\d+:?\n?)|(\n\s*$))");
  // The file's own names are in there, and std::regex recurses over them: long ones are cut first.
  std::string text = std::regex_replace(message.substr(0, 4000), noise, "");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.size() > 400 ? text.substr(0, 400) + " ..." : text;
}

Result<std::shared_ptr<ov::Model>> read(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "cannot open the model",
                 .where = path,
                 .expected = "an ONNX file (.onnx) or OpenVINO IR (.xml with .bin)",
                 .found = std::filesystem::exists(path, ignored) ? "not a regular file" : "no such file"};
  }
  try {
    // Converters and front ends live as long as the process: models share them.
    static ov::Core* core = new ov::Core;
    if (std::filesystem::path(path).extension() == ".xml") return core->read_model(path);
    // The ONNX front end alone: a core would try all it has, and some print what they think of it.
    static ov::frontend::FrontEndManager* manager = new ov::frontend::FrontEndManager;
    const auto onnx = manager->load_by_framework("onnx");
    const auto loaded = onnx == nullptr ? nullptr : onnx->load(path);
    if (loaded != nullptr) return onnx->convert(loaded);
    return Error{.kind = ErrorKind::kInput,
                 .what = "cannot read the model: damaged, or not an ONNX or IR file",
                 .where = path};
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(path);
    const std::string text = error.what();
    const bool unsupported = text.find("onversion") != std::string::npos ||
                             text.find("not supported") != std::string::npos ||
                             text.find("unsupported") != std::string::npos;
    return Error{.kind = unsupported ? ErrorKind::kUnsupported : ErrorKind::kInput,
                 .what = unsupported ? "the model has an operator that cannot be read"
                                     : "cannot read the model: damaged, or not an ONNX or IR file",
                 .where = path,
                 .found = first_lines(text)};
  }
}

std::optional<LayerKind> kind_of(const std::shared_ptr<ov::Node>& node) {
  if (ov::is_type<ov::op::v0::MatMul>(node)) return LayerKind::kMatMul;
  if (ov::is_type<ov::op::v1::Convolution>(node)) return LayerKind::kConvolution;
  if (ov::is_type<ov::op::v1::GroupConvolution>(node)) return LayerKind::kConvolution;
  if (ov::is_type<ov::op::v1::ConvolutionBackpropData>(node) ||
      ov::is_type<ov::op::v1::GroupConvolutionBackpropData>(node)) {
    return LayerKind::kTransposedConvolution;
  }
  if (ov::is_type<ov::op::util::GatherBase>(node)) return LayerKind::kEmbedding;
  return std::nullopt;
}

// OpenVINO splits a biased ONNX node; the part with the weights keeps the node's own name here.
std::string node_name(const ov::Node& node) {
  constexpr std::string_view split = "/WithoutBiases";
  std::string name = node.get_friendly_name();
  if (name.ends_with(split)) name.resize(name.size() - split.size());
  return name;
}

bool is_group(const std::shared_ptr<ov::Node>& node) {
  return ov::is_type<ov::op::v1::GroupConvolution>(node) ||
         ov::is_type<ov::op::v1::GroupConvolutionBackpropData>(node);
}

// A square matrix has the same shape either way.
bool transposed(const Layer& layer) {
  const auto* matmul = ov::as_type<const ov::op::v0::MatMul>(layer.node.get());
  return matmul != nullptr && matmul->get_transpose_b();
}

// Fills graph.layers and graph.weights from the nodes of the model.
class Finder {
 public:
  explicit Finder(Graph& graph) : graph_(graph), constants_(constant_nodes(*graph.ov_model)) {}

  Status find() {
    for (const auto& node : graph_.ov_model->get_ordered_ops()) {
      const auto kind = kind_of(node);
      if (!kind || constants_.contains(node.get())) continue;
      if (*kind != LayerKind::kEmbedding && node->get_output_element_type(0).is_integral()) {
        graph_.notes.push_back("node " + quoted(node_name(*node)) + " (" + node->get_type_name() +
                               ") is left as it is: already quantized, its product is of integers (" +
                               node->get_output_element_type(0).get_type_name() +
                               "); give the float32 model to choose its format");
        continue;
      }
      const Status added = *kind == LayerKind::kEmbedding ? add_embedding(node)
                           : *kind == LayerKind::kMatMul  ? add_matmul(node)
                                                          : add_convolution(node, *kind);
      if (!added) return added.error();
    }
    return count_other_parameters();
  }

 private:
  bool constant(const std::shared_ptr<ov::Node>& node, std::size_t input) const {
    return constants_.contains(node->input_value(input).get_node());
  }
  void note(const std::shared_ptr<ov::Node>& node, const std::string& why) {
    graph_.notes.push_back("node " + quoted(node->get_friendly_name()) + " (" +
                           node->get_type_name() + ") stays in FP32: " + why);
  }

  Status add_matmul(const std::shared_ptr<ov::Node>& node) {
    const auto& matmul = ov::as_type_ptr<ov::op::v0::MatMul>(node);
    if (constant(node, 0)) {
      note(node, "its weights are the left operand");
    } else if (!constant(node, 1)) {
      const auto rank = [&](std::size_t i) { return node->get_input_partial_shape(i).rank(); };
      if (node->get_output_element_type(0) != ov::element::f32) {
        note(node, "its operands are not float32");
      } else if (rank(0).is_dynamic() || rank(0) != rank(1) || rank(0).get_length() < 2) {
        note(node, "operands of different or unknown rank");
      } else {
        add(node, LayerKind::kAttention, 1);
      }
    } else if (matmul->get_transpose_a()) {
      note(node, "its activations are transposed");
    } else {
      const ov::Shape shape = node->get_input_shape(1);
      const bool flat = std::all_of(shape.begin(), shape.end() - std::min<std::ptrdiff_t>(2, std::ssize(shape)),
                                    [](std::size_t dim) { return dim == 1; });
      const auto rank = node->get_input_partial_shape(0).rank();
      if (ov::shape_size(shape) == 0) {
        note(node, "its weights are empty");
      } else if (!flat || shape.size() < 2 || rank.is_dynamic() ||
          rank.get_length() < static_cast<std::int64_t>(shape.size())) {
        note(node, "a batch of weight matrices");
      } else {
        return add_weighted(node, LayerKind::kMatMul, 1);
      }
    }
    return success();
  }

  Status add_convolution(const std::shared_ptr<ov::Node>& node, LayerKind kind) {
    if (!constant(node, 1) || constant(node, 0)) {
      note(node, "its weights are not constant");
      return success();
    }
    if (node->get_input_partial_shape(0).rank().is_dynamic()) {
      note(node, "the rank of its input is unknown");
      return success();
    }
    if (ov::shape_size(node->get_input_shape(1)) == 0) {
      note(node, "its weights are empty");
      return success();
    }
    return add_weighted(node, kind, is_group(node) ? node->get_input_shape(1)[0] : 1);
  }

  // A Gather of whole rows of a constant table of floats; other Gathers are no concern of ours.
  Status add_embedding(const std::shared_ptr<ov::Node>& node) {
    const auto gather = ov::as_type_ptr<ov::op::util::GatherBase>(node);
    if (!constant(node, 0) || constant(node, 1)) return success();
    const ov::element::Type index = node->get_input_element_type(1);
    if (node->get_input_element_type(0) != ov::element::f32) return success();
    if (index != ov::element::i32 && index != ov::element::i64) return success();
    const auto* axis = ov::as_type<ov::op::v0::Constant>(node->get_input_node_ptr(2));
    const ov::Shape table = node->get_input_shape(0);
    if (table.size() != 2 || ov::shape_size(table) == 0 || axis == nullptr || gather->get_batch_dims() != 0) return success();
    if (axis->cast_vector<std::int64_t>() != std::vector<std::int64_t>{0}) return success();
    return add_weighted(node, LayerKind::kEmbedding, 1);
  }

  Layer& add(const std::shared_ptr<ov::Node>& node, LayerKind kind, std::size_t groups) {
    Layer layer{.name = node_name(*node),
                .kind = kind,
                .weight = {},
                .groups = groups,
                .input_shape = node->get_input_partial_shape(kind == LayerKind::kEmbedding ? 1 : 0).to_string(),
                .output_shape = node->get_output_partial_shape(0).to_string(),
                .node = node};
    const int used = ++names_[layer.name];
    if (used > 1) layer.name += "#" + std::to_string(used);
    graph_.layers.push_back(std::move(layer));
    return graph_.layers.back();
  }

  // A weight that is stored once is one weight, unless two layers see different matrices of it.
  Status add_weighted(const std::shared_ptr<ov::Node>& node, LayerKind kind, std::size_t groups) {
    const std::size_t index = graph_.layers.size();
    Layer& layer = add(node, kind, groups);
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
                              .layers = {index}});
    owned_.insert(source.get_node());
    return success();
  }

  Result<bool> equal_matrices(const Weight& weight, const Layer& layer, const MatrixShape& shape) {
    if (weight.rows != shape.rows || weight.cols != shape.cols) return false;
    const Layer& first = graph_.layers[weight.layers.front()];
    const bool same_input = first.node->input_value(weight_input(first)) == layer.node->input_value(weight_input(layer));
    if (same_input && first.kind == layer.kind && transposed(first) == transposed(layer)) return true;
    auto a = weight_matrix(first);
    if (!a) return a.error();
    auto b = weight_matrix(layer);
    if (!b) return b.error();
    return std::memcmp(a->data(), b->data(), a->size() * sizeof(float)) == 0;
  }

  // The constants that nodes computed from inputs read, themselves or through constant nodes; what only makes the
  // weight of a layer (weight norm, the scales of stored codes) is folded into that weight.
  std::set<const ov::Node*> read_beside_weights() const {
    std::set<std::pair<const ov::Node*, std::size_t>> weight_ports;
    for (const Layer& layer : graph_.layers) {
      if (layer.weight) weight_ports.emplace(layer.node.get(), weight_input(layer));
    }
    std::set<const ov::Node*> read;
    std::vector<const ov::Node*> open;
    for (const auto& node : graph_.ov_model->get_ordered_ops()) {
      if (constants_.contains(node.get()) && !ov::is_type<ov::op::v0::Result>(node)) continue;
      for (std::size_t i = 0; i < node->get_input_size(); ++i) {
        const ov::Node* source = node->get_input_node_ptr(i);
        if (constants_.contains(source) && !weight_ports.contains({node.get(), i})) open.push_back(source);
      }
    }
    while (!open.empty()) {
      const ov::Node* node = open.back();
      open.pop_back();
      if (!read.insert(node).second) continue;
      for (std::size_t i = 0; i < node->get_input_size(); ++i) open.push_back(node->get_input_node_ptr(i));
    }
    return read;
  }

  // Biases and the like. Infinities are numbers that masks and padding use, -inf nearly always so; NaN is seldom meant.
  Status count_other_parameters() {
    const std::set<const ov::Node*> read = read_beside_weights();
    for (const auto& node : graph_.ov_model->get_ordered_ops()) {
      const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node);
      if (!constant || owned_.contains(node.get()) || !read.contains(node.get())) continue;
      if (!node->get_output_element_type(0).is_real()) continue;
      graph_.other_parameters += ov::shape_size(node->get_output_shape(0));
      const std::vector<float> values = constant->cast_vector<float>();
      const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return std::isnan(x) || (std::isinf(x) && x > 0); });
      if (bad == values.end()) continue;
      graph_.notes.push_back("tensor " + quoted(node->get_friendly_name()) + " holds " + (std::isnan(*bad) ? "a NaN" : "+inf") +
                             " (element " + std::to_string(bad - values.begin()) + "): outputs may not be finite");
    }
    return success();
  }

  Graph& graph_;
  std::set<const ov::Node*> constants_, owned_;
  std::map<ov::Output<ov::Node>, std::vector<std::size_t>> by_source_;
  std::unordered_map<std::string, int> names_, weight_names_;
};

}  // namespace

std::string_view name(LayerKind kind) {
  switch (kind) {
    case LayerKind::kMatMul:
      return "MatMul";
    case LayerKind::kConvolution:
      return "Convolution";
    case LayerKind::kTransposedConvolution:
      return "TransposedConvolution";
    case LayerKind::kEmbedding:
      return "Embedding";
    default:
      return "Attention";
  }
}

Result<Graph> load(const std::string& path) {
  auto read_model = read(path);
  if (!read_model) return read_model.error();
  Graph graph;
  graph.path = path;
  graph.ov_model = *read_model;
  try {
    if (graph.ov_model->outputs().empty()) {
      return Error{.kind = ErrorKind::kInput, .what = "the model has no output", .where = path, .hint = "is the file empty?"};
    }
    auto widened = widen_to_float32(graph.ov_model);
    if (!widened) {
      Error error = widened.error();
      error.where = path + ", " + error.where;
      return error;
    }
    if (!widened->empty()) graph.notes.push_back("the file's tensors are " + *widened + "; they are read as float32");
    for (const auto& input : graph.ov_model->inputs()) {
      auto info = tensor_info(input);
      if (!info) return info.error();
      graph.inputs.push_back(*info);
    }
    for (const auto& output : graph.ov_model->outputs()) {
      auto info = tensor_info(output);
      if (!info) return info.error();
      graph.outputs.push_back(*info);
    }
    if (const Status found = Finder(graph).find(); !found) return found.error();
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
    const auto bad = std::find_if(values->begin(), values->end(), [](float x) { return !std::isfinite(x); });
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

}  // namespace posittune::model
