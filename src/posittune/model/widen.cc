#include "posittune/model/widen.h"

#include <cmath>
#include <limits>
#include <openvino/core/graph_util.hpp>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/range.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <vector>

#include "posittune/model/products.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

bool other_float(const ov::element::Type& type) {
  return type == ov::element::f16 || type == ov::element::bf16 || type == ov::element::f64;
}

std::string type_of_products(const ov::Model& model);

std::string type_of_products(const ov::op::util::MultiSubGraphOp& parent) {
  for (const auto& body : parent.get_functions()) {
    if (const std::string type = type_of_products(*body); !type.empty()) return type;
  }
  return "";
}

// The type of the first product or look-up, in bodies too, that is not in float32.
std::string type_of_products(const ov::Model& model) {
  const auto constants = constant_nodes(model);
  for (const auto& node : model.get_ordered_ops()) {
    if (constants.contains(node.get())) continue;
    if (const auto* parent = dynamic_cast<const ov::op::util::MultiSubGraphOp*>(node.get())) {
      if (const std::string type = type_of_products(*parent); !type.empty()) return type;
    }
    if (!is_product(*node) && !ov::is_type<ov::op::util::GatherBase>(node)) continue;
    if (other_float(node->get_output_element_type(0)))
      return node->get_output_element_type(0).get_type_name();
  }
  return "";
}

// The type of an input or output that is another float: with float32, data can be given and outputs
// scored.
std::string type_of_ends(const ov::Model& model) {
  for (const auto& ends : {model.inputs(), model.outputs()}) {
    for (const auto& end : ends) {
      if (other_float(end.get_element_type())) return end.get_element_type().get_type_name();
    }
  }
  return "";
}

// The first element that is finite in the file and is not in float32.
Status check_range(const ov::op::v0::Constant& constant, const std::vector<float>& narrow) {
  if (constant.get_element_type() != ov::element::f64) return success();
  const auto* wide = constant.get_data_ptr<double>();
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    if (std::isfinite(narrow[i]) || !std::isfinite(wide[i])) continue;
    return Error{
        .kind = ErrorKind::kUnsupported,
        .what = "a value of a double model is beyond the range of float32",
        .where = "tensor '" + constant.get_friendly_name() + "', element " + std::to_string(i),
        .expected = "at most " + std::to_string(std::numeric_limits<float>::max()) + " in size",
        .found = std::to_string(wide[i]),
        .hint = "double models are read as float32; scale the tensor"};
  }
  return success();
}

Status widen(const std::shared_ptr<ov::Node>& node) {
  if (const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node)) {
    if (!other_float(constant->get_element_type())) return success();
    const std::vector<float> values = constant->cast_vector<float>();
    if (const Status fits = check_range(*constant, values); !fits) return fits;
    const auto wide =
        std::make_shared<ov::op::v0::Constant>(ov::element::f32, constant->get_shape(), values);
    wide->set_friendly_name(constant->get_friendly_name());
    ov::replace_node(constant, wide);
  } else if (const auto parameter = ov::as_type_ptr<ov::op::v0::Parameter>(node)) {
    if (other_float(parameter->get_element_type())) parameter->set_element_type(ov::element::f32);
  } else if (const auto convert = ov::as_type_ptr<ov::op::v0::Convert>(node)) {
    if (other_float(convert->get_destination_type()))
      convert->set_destination_type(ov::element::f32);
  } else if (const auto range = ov::as_type_ptr<ov::op::v4::Range>(node)) {
    if (other_float(range->get_output_type())) range->set_output_type(ov::element::f32);
  }
  return success();
}

Status widen(const ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (const auto* parent = dynamic_cast<const ov::op::util::MultiSubGraphOp*>(node.get())) {
      for (const auto& body : parent->get_functions()) {
        if (const Status done = widen(*body); !done) return done;
      }
    }
    if (const Status done = widen(node); !done) return done;
  }
  return success();
}

Status check_is_float32(const ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (const auto* parent = dynamic_cast<const ov::op::util::MultiSubGraphOp*>(node.get())) {
      for (const auto& body : parent->get_functions()) {
        if (const Status done = check_is_float32(*body); !done) return done;
      }
    }
    for (const auto& output : node->outputs()) {
      if (!other_float(output.get_element_type())) continue;
      return Error{
          .kind = ErrorKind::kUnsupported,
          .what = "a model that is not float32 has a node that cannot be read as float32",
          .where = "node '" + node->get_friendly_name() + "' (" + node->get_type_name() + ")",
          .expected = "f32",
          .found = output.get_element_type().get_type_name(),
          .hint = "export the model in float32"};
    }
  }
  return success();
}

}  // namespace

Result<std::string> widen_to_float32(const std::shared_ptr<ov::Model>& model) {
  std::string type = type_of_products(*model);
  if (type.empty()) type = type_of_ends(*model);
  if (type.empty()) return type;
  if (const Status done = widen(*model); !done) return done.error();
  model->validate_nodes_and_infer_types();
  if (const Status done = check_is_float32(*model); !done) return done.error();
  return type;
}

}  // namespace posittune::model
