#include "posittune/model/elementwise.h"

#include <algorithm>
#include <openvino/op/batch_norm.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/group_normalization.hpp>
#include <openvino/op/istft.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/prelu.hpp>
#include <openvino/op/stft.hpp>
#include <openvino/op/util/broadcast_base.hpp>

#include "posittune/model/run_inputs.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

using Value = ov::Output<ov::Node>;

// The operands that a node multiplies, the activation among them.
std::vector<std::size_t> operands(const ov::Node& node) {
  if (ov::is_type<ov::op::v1::Multiply>(&node) || ov::is_type<ov::op::v1::Divide>(&node) ||
      ov::is_type<ov::op::v0::PRelu>(&node) ||
      ov::is_type<ov::op::v12::GroupNormalization>(&node) ||
      ov::is_type<ov::op::v15::STFT>(&node) || ov::is_type<ov::op::v16::ISTFT>(&node))
    return {0, 1};
  if (ov::is_type<ov::op::v5::BatchNormInference>(&node)) return {0, 1, 4};
  if (ov::is_type<ov::op::v0::BatchNormInference>(&node)) return {2, 0, 4};
  return {};
}

// Before changes of shape, whose target may depend on activations' shapes.
Value source(const Value& value) {
  Value at = value;
  while (keeps_values(at.get_node()) || ov::is_type<ov::op::util::BroadcastBase>(at.get_node()))
    at = at.get_node()->input_value(0);
  return at;
}

bool is_one_number(const Value& value) {
  const ov::PartialShape& shape = value.get_partial_shape();
  return shape.is_static() && ov::shape_size(shape.to_shape()) < 2;
}

}  // namespace

std::vector<Value> elementwise_factors(const ov::Node& node,
                                       const std::set<const ov::Node*>& constants) {
  const auto inputs = operands(node);
  if (inputs.empty() || !node.get_output_element_type(0).is_real() || is_of_run(node)) return {};
  std::vector<Value> factors;
  for (const std::size_t i : inputs) {
    const Value at = source(node.input_value(i));
    if (constants.contains(at.get_node())) factors.push_back(at);
  }
  if (factors.size() + 1 != inputs.size()) return {};
  std::erase_if(factors, is_one_number);
  return factors;
}

}  // namespace posittune::model
