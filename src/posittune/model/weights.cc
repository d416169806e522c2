#include "posittune/model/weights.h"

#include <algorithm>
#include <map>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/random_uniform.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/squeeze.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/op/unsqueeze.hpp>
#include <utility>

#include "posittune/model/run_inputs.h"

namespace posittune::model {

bool keeps_values(const ov::Node* node) {
  return ov::is_type<ov::op::v0::Convert>(node) || ov::is_type<ov::op::v1::Transpose>(node) ||
         ov::is_type<ov::op::v1::Reshape>(node) || ov::is_type<ov::op::v0::Squeeze>(node) ||
         ov::is_type<ov::op::v0::Unsqueeze>(node);
}

std::set<const ov::Node*> constant_nodes(const ov::Model& model,
                                         const std::set<const ov::Node*>& fixed) {
  std::set<const ov::Node*> constants = fixed;
  for (const auto& node : model.get_ordered_ops()) {
    bool constant = fixed.contains(node.get()) ||
                    (ov::is_type<ov::op::v0::Constant>(node) && !is_of_run(*node)) ||
                    node->get_input_size() > 0;
    if (ov::is_type<ov::op::v8::RandomUniform>(node)) constant = false;
    for (const auto& input : node->input_values()) {
      constant = constant && constants.contains(input.get_node());
    }
    if (constant) constants.insert(node.get());
  }
  return constants;
}

ov::Output<ov::Node> weight_source(const ov::Output<ov::Node>& output) {
  ov::Output<ov::Node> at = output;
  while (keeps_values(at.get_node())) at = at.get_node()->input_value(0);
  return ov::is_type<ov::op::v0::Constant>(at.get_node()) ? at : output;
}

namespace {

// Values that several nodes use are computed once: a chain of x + x would take time 2^length.
using Folded = std::map<const ov::Node*, ov::TensorVector>;

Result<ov::Tensor> fold(const ov::Output<ov::Node>& output, Folded& folded) {
  ov::Node* node = output.get_node();
  if (const auto known = folded.find(node); known != folded.end())
    return known->second[output.get_index()];
  if (const auto* constant = ov::as_type<ov::op::v0::Constant>(node)) {
    // The tensor is only read.
    return ov::Tensor(constant->get_element_type(), constant->get_shape(),
                      const_cast<void*>(constant->get_data_ptr()));
  }
  ov::TensorVector inputs, outputs;
  for (const auto& input : node->input_values()) {
    auto value = fold(input, folded);
    if (!value) return value.error();
    inputs.push_back(*value);
  }
  for (const auto& value : node->outputs()) {
    if (value.get_partial_shape().is_dynamic()) {
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "a constant weight has no fixed shape",
                   .where = "node '" + node->get_friendly_name() + "'"};
    }
    outputs.emplace_back(value.get_element_type(), value.get_shape());
  }
  if (!node->evaluate(outputs, inputs)) {
    return Error{
        .kind = ErrorKind::kUnsupported,
        .what = "a weight is computed by an operator that cannot be folded",
        .where = "node '" + node->get_friendly_name() + "' (" + node->get_type_name() + ")",
        .hint = "fold constants when exporting the model"};
  }
  folded[node] = outputs;
  return outputs[output.get_index()];
}

}  // namespace

Result<ov::Tensor> fold(const ov::Output<ov::Node>& output) {
  Folded folded;
  return fold(output, folded);
}

std::size_t weight_input(const Layer& layer) { return *layer.kind->weight_port; }

Arrangement arrangement(const Layer& layer) { return layer.kind->arrangement(*layer.node); }

MatrixShape matrix_shape(const Layer& layer) {
  const Arrangement at = arrangement(layer);
  return at.swap ? MatrixShape{at.outer * at.b, at.a * at.inner}
                 : MatrixShape{at.outer * at.a, at.b * at.inner};
}

Result<std::vector<float>> weight_matrix(const Layer& layer) {
  auto folded = fold(layer.node->input_value(weight_input(layer)));
  if (!folded) return folded.error();
  ov::Tensor tensor = *folded;
  if (tensor.get_element_type() != ov::element::f32) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "a weight is not float32 after its conversions",
                 .where = "node '" + layer.name + "'",
                 .expected = "float32",
                 .found = tensor.get_element_type().get_type_name()};
  }
  const float* values = std::as_const(tensor).data<const float>();
  const Arrangement at = arrangement(layer);
  if (!at.swap) return std::vector<float>(values, values + tensor.get_size());
  std::vector<float> matrix(tensor.get_size());
  for (std::size_t o = 0; o < at.outer; ++o) {
    for (std::size_t a = 0; a < at.a; ++a) {
      for (std::size_t b = 0; b < at.b; ++b) {
        const float* from = values + ((o * at.a + a) * at.b + b) * at.inner;
        std::copy(from, from + at.inner, &matrix[((o * at.b + b) * at.a + a) * at.inner]);
      }
    }
  }
  return matrix;
}

}  // namespace posittune::model
