#include "posittune/exporter/onnx_readers.h"

#include <algorithm>
#include <array>

namespace posittune::exporter {
namespace {

bool keeps_values(const onnx::NodeProto& node) {
  constexpr std::array kinds = {"Cast",      "Transpose", "Reshape", "Squeeze",
                                "Unsqueeze", "Identity",  "Flatten"};
  return std::ranges::find(kinds, node.op_type()) != kinds.end();
}

Error no_node(const std::string& what, const std::string& name, const std::string& found) {
  return {.kind = ErrorKind::kUnsupported,
          .what = what,
          .where = "'" + name + "'",
          .found = found,
          .hint = "export the model again with plain MatMul, Gemm, Conv and Gather nodes"};
}

void follow(const OnnxNodes& nodes, const std::string& tensor, std::vector<int> through,
            std::vector<WeightUse>& found) {
  for (const int index : nodes.readers(tensor)) {
    const onnx::NodeProto& node = nodes.graph().node(index);
    if (keeps_values(node) && node.input(0) == tensor) {
      std::vector<int> longer = {index};
      longer.insert(longer.end(), through.begin(), through.end());
      follow(nodes, node.output(0), longer, found);
      continue;
    }
    for (int i = 0; i < node.input_size(); ++i) {
      if (node.input(i) == tensor) found.push_back({index, i, through});
    }
    const bool in_body = std::ranges::find(node.input(), tensor) == node.input().end();
    if (in_body) found.push_back({index, -1, through});
  }
}

}  // namespace

OnnxNodes::OnnxNodes(const onnx::GraphProto& graph) : graph_(graph) {
  for (int i = 0; i < graph.node_size(); ++i) {
    const onnx::NodeProto& node = graph.node(i);
    if (!node.name().empty()) by_name_.emplace(node.name(), i);
    for (const std::string& output : node.output()) by_output_[output] = i;
    for (const std::string& name : reads(node)) readers_[name].push_back(i);
  }
  for (const auto& tensor : graph.initializer()) {
    initializers_.insert(tensor.name());
    types_[tensor.name()] = tensor.data_type();
  }
  for (const auto* values : {&graph.input(), &graph.output(), &graph.value_info()}) {
    for (const auto& value : *values) {
      if (value.type().has_tensor_type())
        types_[value.name()] = value.type().tensor_type().elem_type();
    }
  }
}

int OnnxNodes::element_type(const std::string& tensor) const {
  std::string at = tensor;
  for (int step = 0; step < graph_.node_size(); ++step) {
    if (const auto known = types_.find(at); known != types_.end() && known->second != 0)
      return known->second;
    const auto from = by_output_.find(at);
    if (from == by_output_.end()) break;
    const onnx::NodeProto& node = graph_.node(from->second);
    for (const auto& attribute : node.attribute()) {
      if (node.op_type() == "Cast" && attribute.name() == "to")
        return static_cast<int>(attribute.i());
      if (node.op_type() == "Constant" && attribute.has_t()) return attribute.t().data_type();
    }
    // Most operators give the type of their first input.
    const int like = node.op_type() == "Where" || node.op_type() == "DequantizeLinear" ? 1 : 0;
    if (node.input_size() <= like) break;
    at = node.input(like);
  }
  return onnx::TensorProto::FLOAT;
}

Result<int> OnnxNodes::layer(const std::string& name) const {
  const auto [first, last] = by_name_.equal_range(name);
  if (first != last && std::next(first) != last)
    return no_node("two nodes have the same name", name, "");
  if (first != last) return first->second;
  if (const auto output = by_output_.find(name); output != by_output_.end()) return output->second;
  return no_node("the file has no node of a layer's name", name, "");
}

Result<std::string> OnnxNodes::weight(const std::string& name) const {
  if (initializers_.contains(name) || by_output_.contains(name)) return name;
  const auto [first, last] = by_name_.equal_range(name);
  if (first != last && std::next(first) == last && graph_.node(first->second).output_size() > 0)
    return graph_.node(first->second).output(0);
  return no_node("the file has no tensor of a weight's name", name, "");
}

const std::vector<int>& OnnxNodes::readers(const std::string& tensor) const {
  static const std::vector<int> none;
  const auto found = readers_.find(tensor);
  return found == readers_.end() ? none : found->second;
}

std::vector<WeightUse> uses(const OnnxNodes& nodes, const std::string& tensor) {
  std::vector<WeightUse> found;
  follow(nodes, tensor, {}, found);
  return found;
}

}  // namespace posittune::exporter
