#include "posittune/model/products.h"

#include <algorithm>
#include <openvino/op/binary_convolution.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/deformable_convolution.hpp>
#include <openvino/op/einsum.hpp>
#include <openvino/op/embedding_segments_sum.hpp>
#include <openvino/op/grouped_matmul.hpp>
#include <openvino/op/scaled_dot_product_attention.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/util/embeddingbag_offsets_base.hpp>
#include <openvino/op/util/embeddingbag_packed_base.hpp>
#include <openvino/op/util/rnn_cell_base.hpp>
#include <utility>

#include "posittune/model/einsum.h"
#include "posittune/model/run_inputs.h"
#include "posittune/model/tensors.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

bool is_binary(const ov::Node& node) { return ov::is_type<ov::op::v1::BinaryConvolution>(&node); }

bool is_deformable(const ov::Node& node) {
  return ov::is_type<ov::op::util::DeformableConvolutionBase>(&node);
}

bool is_recurrent(const ov::Node& node) { return ov::is_type<ov::op::util::RNNCellBase>(&node); }

bool is_sequence(const ov::Node& node) {
  return std::string_view(node.get_type_name()).ends_with("Sequence");
}

// Where a recurrent node's W is; R is the next.
std::size_t recurrent_weight(const ov::Node& node) {
  const bool lstm = std::string_view(node.get_type_name()).starts_with("LSTM");
  return 2 + (lstm ? 1 : 0) + (is_sequence(node) ? 1 : 0);
}

bool is_grouped_matmul(const ov::Node& node) {
  return ov::is_type<ov::op::v17::GroupedMatMul>(&node);
}

// Sums of a table's rows: which input holds a factor for each index, where there is one. None for
// other nodes.
std::optional<std::size_t> factor_of_rows(const ov::Node& node) {
  if (ov::is_type<ov::op::v3::EmbeddingSegmentsSum>(&node)) return 5;
  if (ov::is_type<ov::op::util::EmbeddingBagOffsetsBase>(&node)) return 4;
  if (ov::is_type<ov::op::util::EmbeddingBagPackedBase>(&node)) return 2;
  return std::nullopt;
}

bool has_factor_of_rows(const ov::Node& node) {
  const auto at = factor_of_rows(node);
  return at && node.get_input_size() > *at;
}

// W is directions x gates * hidden x inputs, R directions x gates * hidden x hidden; a cell's have
// no directions.
std::uint64_t recurrent_macs(const ov::Node& node) {
  const std::size_t w = recurrent_weight(node);
  const ov::Shape& x = node.get_input_shape(0);
  return product_of(x, 0, x.size() - 1) *
         (ov::shape_size(node.get_input_shape(w)) + ov::shape_size(node.get_input_shape(w + 1)));
}

// q is ... x length x width, k and v ... x others x width.
std::uint64_t attention_macs(const ov::Node& node) {
  const ov::Shape &q = node.get_input_shape(0), &k = node.get_input_shape(1),
                  &out = node.get_output_shape(0);
  return product_of(out, 0, out.size() - 1) * k[k.size() - 2] * (q.back() + out.back());
}

std::string integers_reason(const ov::Node& node, const std::set<const ov::Node*>& constants) {
  const std::string type = node.get_output_element_type(0).get_type_name();
  const auto inputs = factors(node);
  const bool codes = std::any_of(inputs.begin(), inputs.end(), [&](std::size_t i) {
    return constants.contains(node.get_input_node_ptr(i)) && comes_from_8_bits(node.input_value(i));
  });
  const bool both = std::all_of(inputs.begin(), inputs.end(), [&](std::size_t i) {
    return comes_from_8_bits(node.input_value(i));
  });
  if (codes || both) {
    return "already quantized, its product is of integers (" + type +
           "); give the float32 model to choose its format";
  }
  return "its product is of integers (" + type + ")";
}

}  // namespace

std::vector<std::size_t> factors(const ov::Node& node) {
  for (const LayerKind& kind : layer_kinds()) {
    if (kind.macs != nullptr && kind.is(node)) return {kind.data_port, kind.other_port()};
  }
  if (is_binary(node) || is_grouped_matmul(node)) return {0, 1};
  if (is_deformable(node)) return {0, 2};
  if (const auto at = factor_of_rows(node))
    return has_factor_of_rows(node) ? std::vector<std::size_t>{0, *at}
                                    : std::vector<std::size_t>{0};
  if (ov::is_type<ov::op::v13::ScaledDotProductAttention>(&node)) return {0, 1, 2};
  // The hidden state is another factor, and a constant (zeros) only at the first step.
  if (is_recurrent(node)) return {0, recurrent_weight(node), recurrent_weight(node) + 1};
  if (ov::is_type<ov::op::v7::Einsum>(&node) && node.get_input_size() > 1) {
    std::vector<std::size_t> all(node.get_input_size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }
  return {};
}

std::string node_name(const ov::Node& node) {
  constexpr std::string_view split = "/WithoutBiases";
  std::string name = node.get_friendly_name();
  if (name.ends_with(split)) name.resize(name.size() - split.size());
  return name;
}

bool comes_from_8_bits(const ov::Output<ov::Node>& value) {
  ov::Output<ov::Node> at = value;
  while (true) {
    const ov::element::Type type = at.get_element_type();
    if (type.is_integral_number() && type.bitwidth() <= 8) return true;
    const ov::Node* node = at.get_node();
    const bool passes = ov::is_type<ov::op::v1::Subtract>(node) || keeps_values(node);
    if (!type.is_integral() || !passes) return false;
    at = node->input_value(0);
  }
}

Verdict verdict_on(const ov::Node& node, const std::set<const ov::Node*>& constants) {
  if (is_of_run(node))
    return {.reason = "what it multiplies is given for the run, so that it is computed once"};
  if (node.get_output_element_type(0).is_integral())
    return {.reason = integers_reason(node, constants)};
  for (const LayerKind& kind : layer_kinds()) {
    if (!kind.is(node)) continue;
    auto refusal = kind.refusal(node, constants);
    if (!refusal) continue;
    return refusal->empty() ? Verdict{.kind = &kind} : Verdict{.reason = std::move(*refusal)};
  }
  if (is_binary(node)) return {.reason = "a convolution of bits"};
  if (is_deformable(node)) return {.reason = "a deformable convolution"};
  if (is_grouped_matmul(node)) return {.reason = "a product of groups of matrices"};
  if (factor_of_rows(node)) return {.reason = "sums of an embedding's rows"};
  if (is_recurrent(node)) return {.reason = "a recurrent layer"};
  if (const auto* einsum = ov::as_type<const ov::op::v7::Einsum>(&node)) {
    return {.reason = "its equation '" + einsum->get_equation() +
                      "' is not one matrix product of activations with a constant"};
  }
  return {.reason =
              "attention in one node, with operands of different or unknown rank or with a sink"};
}

bool may_be_layer(const ov::Node& node) {
  return std::ranges::any_of(layer_kinds(),
                             [&node](const LayerKind& kind) { return kind.is(node); });
}

bool has_known_shapes(const ov::Node& node) {
  for (const std::size_t i : factors(node)) {
    if (node.get_input_partial_shape(i).is_dynamic()) return false;
  }
  if (factor_of_rows(node) && node.get_input_partial_shape(1).is_dynamic()) return false;
  return node.get_output_partial_shape(0).is_static();
}

std::uint64_t elements_read(const ov::Node& node, std::size_t input) {
  const ov::Shape& shape = node.get_input_shape(input);
  if (input != 0 || !factor_of_rows(node)) return ov::shape_size(shape);
  return ov::shape_size(node.get_input_shape(1)) * product_of(shape, 1, shape.size());
}

std::uint64_t states_of(const ov::Node& node) {
  if (!is_recurrent(node)) return 0;
  const ov::Shape &x = node.get_input_shape(0),
                  &r = node.get_input_shape(recurrent_weight(node) + 1);
  return product_of(x, 0, x.size() - 1) * r.back() * (is_sequence(node) ? r.front() : 1);
}

std::uint64_t macs_of(const ov::Node& node) {
  if (!has_known_shapes(node)) return 0;
  const std::uint64_t outputs = ov::shape_size(node.get_output_shape(0));
  for (const LayerKind& kind : layer_kinds()) {
    if (kind.macs != nullptr && kind.is(node)) return kind.macs(node);
  }
  if (const auto* einsum = ov::as_type<const ov::op::v7::Einsum>(&node))
    return macs_of_einsum(*einsum);
  if (is_recurrent(node)) return recurrent_macs(node);
  if (is_grouped_matmul(node)) return outputs * node.get_input_shape(0).back();
  if (factor_of_rows(node)) return has_factor_of_rows(node) ? elements_read(node, 0) : 0;
  if (ov::is_type<ov::op::v13::ScaledDotProductAttention>(&node)) return attention_macs(node);
  const ov::Shape weight = node.get_input_shape(is_deformable(node) ? 2 : 1);
  return outputs * product_of(weight, 1, weight.size());
}

}  // namespace posittune::model
