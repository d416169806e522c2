#include "posittune/model/rewrite.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <openvino/core/graph_util.hpp>
#include <openvino/core/model.hpp>
#include <openvino/core/rt_info.hpp>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/einsum.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/less_eq.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/range.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/scaled_dot_product_attention.hpp>
#include <openvino/op/select.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/softmax.hpp>
#include <openvino/op/sqrt.hpp>
#include <openvino/op/squeeze.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/op/unsqueeze.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;
using Axes = std::vector<std::int64_t>;

Value integers(const Axes& values) {
  return op::v0::Constant::create(ov::element::i64, {values.size()}, values);
}
Value integer(std::int64_t value) {
  return op::v0::Constant::create(ov::element::i64, {}, {value});
}
Value number(float value) { return op::v0::Constant::create(ov::element::f32, {}, {value}); }

Value transposed(const Value& value, const Axes& order) {
  if (std::is_sorted(order.begin(), order.end())) return value;
  return std::make_shared<op::v1::Transpose>(value, integers(order));
}

// A size of 0 takes that of the axis in the same place.
Value reshaped(const Value& value, const Axes& shape) {
  return std::make_shared<op::v1::Reshape>(value, integers(shape), true);
}

// `product` has the node's name; what follows it, if anything, a name of its own.
void replace(const std::shared_ptr<ov::Node>& node, const std::shared_ptr<ov::Node>& product,
             const Value& result) {
  const std::string name = node->get_friendly_name();
  if (result.get_node() != product.get()) result.get_node()->set_friendly_name(name + "/result");
  product->set_friendly_name(name);
  ov::copy_runtime_info(node, {product, result.get_node_shared_ptr()});
  node->output(0).replace(result);
}

using Labels = std::vector<std::string>;

bool has(const Labels& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::int64_t place(const Labels& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

// Labels of one operand that are not in the other and stay; empty where one goes, is repeated, or
// stands for several axes.
std::optional<Labels> free_labels(const Labels& of, const Labels& other, const Labels& output) {
  Labels free;
  for (const std::string& label : of) {
    if (label == "..." || std::count(of.begin(), of.end(), label) != 1) return std::nullopt;
    if (has(other, label) == has(output, label))
      return std::nullopt;  // summed alone, or kept in a batch
    if (has(output, label)) free.push_back(label);
  }
  return free;
}

Axes places(const Labels& labels, const Labels& wanted) {
  Axes axes;
  for (const std::string& label : wanted) axes.push_back(place(labels, label));
  return axes;
}

Labels joined(Labels a, const Labels& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// x (free axes, summed axes) times w (summed axes, its free axes), in that order of axes.
void rewrite_einsum(const std::shared_ptr<ov::Node>& node,
                    const std::set<const ov::Node*>& constants) {
  std::vector<std::string> subscripts;
  std::string output_text;
  op::v7::Einsum::parse_equation(ov::as_type<op::v7::Einsum>(node.get())->get_equation(),
                                 subscripts, output_text);
  const std::size_t w_at = constants.contains(node->get_input_node_ptr(0)) ? 0 : 1;
  if (subscripts.size() != 2 || !constants.contains(node->get_input_node_ptr(w_at)) ||
      constants.contains(node->get_input_node_ptr(1 - w_at)))
    return;
  const Labels x = op::v7::Einsum::extract_labels(subscripts[1 - w_at]),
               w = op::v7::Einsum::extract_labels(subscripts[w_at]);
  const Labels output = op::v7::Einsum::extract_labels(output_text);
  const auto x_free = free_labels(x, w, output), w_free = free_labels(w, x, output);
  const ov::PartialShape x_shape = node->get_input_partial_shape(1 - w_at);
  if (!x_free || !w_free || x_free->empty() || x_free->size() == x.size() ||
      x_shape.rank().is_dynamic())
    return;
  const ov::Shape w_shape = node->get_input_shape(w_at);
  Labels summed;
  std::int64_t k = 1;
  for (const std::string& label : w) {
    if (has(*w_free, label)) continue;
    const std::size_t size = w_shape[static_cast<std::size_t>(place(w, label))];
    const ov::Dimension& other = x_shape[place(x, label)];
    if (other.is_dynamic() || other.get_length() != static_cast<std::int64_t>(size)) return;
    summed.push_back(label);
    k *= static_cast<std::int64_t>(size);
  }
  if (ov::shape_size(w_shape) == 0) return;
  Axes kept(x_free->size(), 0), x_rows = kept;
  x_rows.push_back(k);
  for (const std::string& label : *w_free)
    kept.push_back(static_cast<std::int64_t>(w_shape[static_cast<std::size_t>(place(w, label))]));
  Value left = transposed(node->input_value(1 - w_at), places(x, joined(*x_free, summed)));
  if (summed.size() > 1) left = reshaped(left, x_rows);
  Value right = transposed(node->input_value(w_at), places(w, joined(summed, *w_free)));
  if (summed.size() > 1 || w_free->size() != 1)
    right = reshaped(right, {k, static_cast<std::int64_t>(ov::shape_size(w_shape)) / k});
  const auto product = std::make_shared<op::v0::MatMul>(left, right);
  Value result = product;
  if (w_free->size() != 1) result = reshaped(result, kept);
  result = transposed(result, places(joined(*x_free, *w_free), output));
  replace(node, product, result);
}

// [..., K] times [K].
void rewrite_vector(const std::shared_ptr<ov::Node>& node,
                    const std::set<const ov::Node*>& constants) {
  const bool vector =
      constants.contains(node->get_input_node_ptr(1)) && node->get_input_shape(1).size() == 1;
  const auto rank = node->get_input_partial_shape(0).rank();
  if (!vector || constants.contains(node->get_input_node_ptr(0)) || rank.is_dynamic() ||
      rank.get_length() < 2)
    return;
  if (ov::as_type<op::v0::MatMul>(node.get())->get_transpose_a() ||
      node->get_input_shape(1)[0] == 0)
    return;
  const auto column = std::make_shared<op::v0::Unsqueeze>(node->input_value(1), integers({1}));
  const auto product = std::make_shared<op::v0::MatMul>(node->input_value(0), column);
  replace(node, product, std::make_shared<op::v0::Squeeze>(product, integers({-1})));
}

Value size_of_axis(const Value& value, std::int64_t axis) {
  return std::make_shared<op::v8::Gather>(std::make_shared<op::v3::ShapeOf>(value), integer(axis),
                                          integer(0));
}

Value one_by_root_of_width(const Value& q) {
  const auto width = std::make_shared<op::v0::Convert>(size_of_axis(q, -1), ov::element::f32);
  return std::make_shared<op::v1::Divide>(number(1), std::make_shared<op::v0::Sqrt>(width));
}

// 0 where `seen`, else minus infinity.
Value mask_of(const Value& seen) {
  return std::make_shared<op::v1::Select>(seen, number(0),
                                          number(-std::numeric_limits<float>::infinity()));
}

// Position i sees those up to i.
Value causal_mask(const Value& q, const Value& k) {
  const auto positions = [](const Value& of, std::int64_t axis) {
    const auto range = std::make_shared<op::v4::Range>(integer(0), size_of_axis(of, -2), integer(1),
                                                       ov::element::i64);
    return std::make_shared<op::v0::Unsqueeze>(range, integer(axis));
  };
  return mask_of(std::make_shared<op::v1::LessEqual>(positions(k, 0), positions(q, 1)));
}

// softmax(q k^T * scale + mask) v, as OpenVINO's specification of the operator has it.
void rewrite_attention(const std::shared_ptr<ov::Node>& node) {
  const auto inputs = node->input_values();
  const auto rank = [&](std::size_t i) { return inputs[i].get_partial_shape().rank(); };
  const bool plain = std::all_of(inputs.begin(), inputs.begin() + 3, [](const Value& each) {
    return each.get_element_type() == ov::element::f32;
  });
  if (!plain || inputs.size() > 5 || rank(0).is_dynamic() || rank(0).get_length() < 2 ||
      rank(0) != rank(1) || rank(0) != rank(2))
    return;
  const std::string name = node->get_friendly_name();
  const auto product = std::make_shared<op::v0::MatMul>(inputs[0], inputs[1], false, true);
  Value scores = std::make_shared<op::v1::Multiply>(
      product, inputs.size() > 4 ? inputs[4] : one_by_root_of_width(inputs[0]));
  if (ov::as_type<op::v13::ScaledDotProductAttention>(node.get())->get_causal()) {
    scores = std::make_shared<op::v1::Add>(scores, causal_mask(inputs[0], inputs[1]));
  } else if (inputs.size() > 3) {
    const bool seen = inputs[3].get_element_type() == ov::element::boolean;
    scores = std::make_shared<op::v1::Add>(scores, seen ? mask_of(inputs[3]) : inputs[3]);
  }
  const auto weights = std::make_shared<op::v8::Softmax>(scores, -1);
  const auto values = std::make_shared<op::v0::MatMul>(weights, inputs[2]);
  product->set_friendly_name(name + "/scores");
  values->set_friendly_name(name + "/values");
  ov::copy_runtime_info(node, {product, weights, values});
  node->output(0).replace(values);
}

}  // namespace

void rewrite_products(const std::shared_ptr<ov::Model>& model) {
  const auto constants = constant_nodes(*model);
  for (const auto& node : model->get_ordered_ops()) {
    if (constants.contains(node.get()) || node->get_output_size() != 1) continue;
    if (ov::is_type<op::v13::ScaledDotProductAttention>(node)) rewrite_attention(node);
    if (node->get_output_element_type(0) != ov::element::f32) continue;
    if (ov::is_type<op::v7::Einsum>(node)) rewrite_einsum(node, constants);
    if (ov::is_type<op::v0::MatMul>(node)) rewrite_vector(node, constants);
  }
  model->validate_nodes_and_infer_types();
}

}  // namespace posittune::model
