#include "posittune/model/onnx_names.h"

#include <algorithm>
#include <deque>
#include <openvino/op/constant.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <set>
#include <string_view>

namespace posittune::model {
namespace {

// "GRUSequence_39": the number is from a counter of the process.
bool has_made_name(const ov::Node& node) {
  const std::string_view name = node.get_friendly_name(), type = node.get_type_name();
  if (!name.starts_with(type) || name.size() < type.size() + 2 || name[type.size()] != '_')
    return false;
  const std::string_view number = name.substr(type.size() + 1);
  const auto outputs = node.outputs();
  return number.find_first_not_of("0123456789") == std::string_view::npos &&
         std::all_of(outputs.begin(), outputs.end(),
                     [](const auto& output) { return output.get_names().empty(); });
}

// The first node behind that has a name of the file; null where there is none.
const ov::Node* end_of_made_nodes(const ov::Node& node) {
  std::deque<const ov::Node*> open = {&node};
  std::set<const ov::Node*> seen;
  while (!open.empty()) {
    const ov::Node* at = open.front();
    open.pop_front();
    if (!seen.insert(at).second) continue;
    if (!has_made_name(*at)) return ov::is_type<ov::op::v0::Result>(at) ? nullptr : at;
    for (const auto& output : at->outputs()) {
      for (const auto& input : output.get_target_inputs()) open.push_back(input.get_node());
    }
  }
  return nullptr;
}

}  // namespace

void restore_names(const ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (const auto* parent = dynamic_cast<const ov::op::util::MultiSubGraphOp*>(node.get())) {
      for (const auto& body : parent->get_functions()) restore_names(*body);
    }
    if (ov::is_type<ov::op::v0::Constant>(node) || !has_made_name(*node)) continue;
    if (const ov::Node* end = end_of_made_nodes(*node))
      node->set_friendly_name(end->get_friendly_name());
  }
}

}  // namespace posittune::model
