#include "posittune/model/output_end.h"

#include <memory>
#include <openvino/core/model.hpp>
#include <openvino/op/log_softmax.hpp>
#include <openvino/op/sigmoid.hpp>
#include <openvino/op/softmax.hpp>
#include <set>
#include <string_view>

namespace posittune::model {
namespace {

struct Softmax {
  OutputEnd end = OutputEnd::kOther;
  std::int64_t axis = 0;
};

Softmax softmax_of(const std::shared_ptr<ov::Node>& node) {
  if (const auto v1 = std::dynamic_pointer_cast<ov::op::v1::Softmax>(node)) {
    return {OutputEnd::kSoftmax, static_cast<std::int64_t>(v1->get_axis())};
  }
  if (const auto v8 = std::dynamic_pointer_cast<ov::op::v8::Softmax>(node))
    return {OutputEnd::kSoftmax, v8->get_axis()};
  if (const auto v5 = std::dynamic_pointer_cast<ov::op::v5::LogSoftmax>(node)) {
    return {OutputEnd::kLogSoftmax, v5->get_axis()};
  }
  if (std::dynamic_pointer_cast<ov::op::v0::Sigmoid>(node)) return {OutputEnd::kSigmoid, 0};
  return {};
}

// The size of the last axis is the same on both sides of a node, so that a last axis stays one.
bool keeps_last(const ov::Node& node) {
  const auto& from = node.get_input_partial_shape(0);
  const auto& to = node.get_output_partial_shape(0);
  if (from.rank().is_dynamic() || to.rank().is_dynamic() || from.size() == 0 || to.size() == 0)
    return false;
  const auto& a = from[from.size() - 1];
  const auto& b = to[to.size() - 1];
  return a.is_static() && b.is_static() && a == b;
}

}  // namespace

Ending ending_of(const Graph& graph, const std::string& output) {
  std::size_t index = 0;
  while (index < graph.outputs.size() && graph.outputs[index].name != output) ++index;
  if (!graph.ov_model || index == graph.outputs.size()) return {};
  static const std::set<std::string_view> kMoves = {"Reshape", "Squeeze", "Unsqueeze", "Transpose"};
  static const std::set<std::string_view> kKeeps = {"Convert", "Identity"};
  std::shared_ptr<ov::Node> node = graph.ov_model->output(index).get_node_shared_ptr();
  bool moved = false, last_kept = true;
  for (node = node->get_input_node_shared_ptr(0); node->get_input_size() > 0;
       node = node->get_input_node_shared_ptr(0)) {
    if (const Softmax found = softmax_of(node); found.end != OutputEnd::kOther) {
      Ending ending{found.end, {}};
      const auto rank = node->get_output_partial_shape(0).rank();
      if (rank.is_dynamic() || found.end == OutputEnd::kSigmoid) return ending;
      const std::int64_t axis = found.axis < 0 ? found.axis + rank.get_length() : found.axis;
      if (!moved) ending.axis = static_cast<std::size_t>(axis);
      if (moved && last_kept && axis + 1 == rank.get_length())
        ending.axis = graph.outputs[index].dims.size() - 1;
      return ending;
    }
    if (kMoves.contains(node->get_type_name())) {
      moved = true;
      last_kept =
          last_kept && std::string_view(node->get_type_name()) != "Transpose" && keeps_last(*node);
    } else if (!kKeeps.contains(node->get_type_name())) {
      break;
    }
  }
  return {};
}

}  // namespace posittune::model
