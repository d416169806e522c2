#include "posittune/model/widen.h"

#include <algorithm>
#include <vector>

#include <openvino/core/graph_util.hpp>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/range.hpp>
#include <openvino/op/util/gather_base.hpp>
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

bool other_float(const ov::element::Type& type) {
  return type == ov::element::f16 || type == ov::element::bf16 || type == ov::element::f64;
}

bool is_product(const ov::Node* node) {
  return ov::is_type<ov::op::v0::MatMul>(node) || ov::is_type<ov::op::v1::Convolution>(node) ||
         ov::is_type<ov::op::v1::GroupConvolution>(node) || ov::is_type<ov::op::v1::ConvolutionBackpropData>(node) ||
         ov::is_type<ov::op::v1::GroupConvolutionBackpropData>(node) || ov::is_type<ov::op::util::GatherBase>(node);
}

// The type of the first product that is not in float32.
std::string type_of_products(const ov::Model& model) {
  const auto constants = constant_nodes(model);
  for (const auto& node : model.get_ordered_ops()) {
    if (!is_product(node.get()) || constants.contains(node.get())) continue;
    if (other_float(node->get_output_element_type(0))) return node->get_output_element_type(0).get_type_name();
  }
  return "";
}

void widen(const std::shared_ptr<ov::Node>& node) {
  if (const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node)) {
    if (!other_float(constant->get_element_type())) return;
    const auto wide =
        std::make_shared<ov::op::v0::Constant>(ov::element::f32, constant->get_shape(), constant->cast_vector<float>());
    wide->set_friendly_name(constant->get_friendly_name());
    ov::replace_node(constant, wide);
  } else if (const auto parameter = ov::as_type_ptr<ov::op::v0::Parameter>(node)) {
    if (other_float(parameter->get_element_type())) parameter->set_element_type(ov::element::f32);
  } else if (const auto convert = ov::as_type_ptr<ov::op::v0::Convert>(node)) {
    if (other_float(convert->get_destination_type())) convert->set_destination_type(ov::element::f32);
  } else if (const auto range = ov::as_type_ptr<ov::op::v4::Range>(node)) {
    if (other_float(range->get_output_type())) range->set_output_type(ov::element::f32);
  }
}

}  // namespace

Result<std::string> widen_to_float32(const std::shared_ptr<ov::Model>& model) {
  std::string type = type_of_products(*model);
  if (type.empty()) return type;
  for (const auto& node : model->get_ordered_ops()) widen(node);
  model->validate_nodes_and_infer_types();
  for (const auto& node : model->get_ordered_ops()) {
    for (const auto& output : node->outputs()) {
      if (!other_float(output.get_element_type())) continue;
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "a model that is not float32 has a node that cannot be read as float32",
                   .where = "node '" + node->get_friendly_name() + "' (" + node->get_type_name() + ")",
                   .expected = "f32",
                   .found = output.get_element_type().get_type_name(),
                   .hint = "export the model in float32"};
    }
  }
  return type;
}

}  // namespace posittune::model
