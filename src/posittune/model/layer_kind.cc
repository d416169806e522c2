#include "posittune/model/layer_kind.h"

#include <algorithm>
#include <array>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <vector>

#include "posittune/model/tensors.h"

namespace posittune::model {
namespace {

using Constants = std::set<const ov::Node*>;
using Refusal = std::optional<std::string>;
const std::string kIsLayer;

template <class... Operators>
bool is_any(const ov::Node& node) {
  return (ov::is_type<Operators>(&node) || ...);
}

bool constant(const ov::Node& node, std::size_t input, const Constants& constants) {
  return constants.contains(node.get_input_node_ptr(input));
}

ov::Rank rank_of(const ov::Node& node, std::size_t input) {
  return node.get_input_partial_shape(input).rank();
}

const ov::op::v0::MatMul& matmul(const ov::Node& node) {
  return *ov::as_type<const ov::op::v0::MatMul>(&node);
}

Refusal refusal_of_matmul(const ov::Node& node, const Constants& constants) {
  if (constant(node, 0, constants)) return "its weights are the left operand";
  if (!constant(node, 1, constants)) return std::nullopt;
  if (matmul(node).get_transpose_a()) return "its activations are transposed";
  const ov::Shape& shape = node.get_input_shape(1);
  const ov::Rank rank = rank_of(node, 0);
  if (ov::shape_size(shape) == 0) return "its weights are empty";
  if (rank.is_static() && rank.get_length() < 2) return "its activations are a vector";
  if (shape.size() < 2) return "its weights are a vector";
  const bool flat =
      std::all_of(shape.begin(), shape.end() - 2, [](std::size_t dim) { return dim == 1; });
  if (!flat || rank.is_dynamic() || rank.get_length() < static_cast<std::int64_t>(shape.size()))
    return "a batch of weight matrices";
  return kIsLayer;
}

Refusal refusal_of_attention(const ov::Node& node, const Constants&) {
  if (node.get_output_element_type(0) != ov::element::f32) return "its operands are not float32";
  const ov::Rank rank = rank_of(node, 0);
  if (rank.is_dynamic() || rank != rank_of(node, 1) || rank.get_length() < 2)
    return "operands of different or unknown rank";
  return kIsLayer;
}

std::uint64_t macs_of_matmul(const ov::Node& node) {
  const ov::Shape& a = node.get_input_shape(0);
  return ov::shape_size(node.get_output_shape(0)) *
         (matmul(node).get_transpose_a() && a.size() > 1 ? a[a.size() - 2] : a.back());
}

Arrangement arrangement_of_matmul(const ov::Node& node) {
  const ov::Shape& shape = node.get_input_shape(1);
  if (shape.size() == 1) return {.a = 1, .b = shape[0]};
  return {.a = shape[shape.size() - 2], .b = shape.back(), .swap = !matmul(node).get_transpose_b()};
}

Refusal refusal_of_convolution(const ov::Node& node, const Constants& constants) {
  if (!constant(node, 1, constants) || constant(node, 0, constants))
    return "its weights are not constant";
  if (rank_of(node, 0).is_dynamic()) return "the rank of its input is unknown";
  if (ov::shape_size(node.get_input_shape(1)) == 0) return "its weights are empty";
  return kIsLayer;
}

// Weights are [groups] x out x in x kernel.
std::uint64_t macs_of_convolution(const ov::Node& node) {
  const ov::Shape& weight = node.get_input_shape(1);
  const bool grouped = is_any<ov::op::v1::GroupConvolution>(node);
  return ov::shape_size(node.get_output_shape(0)) *
         product_of(weight, grouped ? 2 : 1, weight.size());
}

Arrangement arrangement_of_convolution(const ov::Node& node) {
  const ov::Shape& shape = node.get_input_shape(1);
  const bool grouped = is_any<ov::op::v1::GroupConvolution>(node);
  return {.a = product_of(shape, 0, grouped ? 2 : 1),
          .b = product_of(shape, grouped ? 2 : 1, shape.size()),
          .groups = grouped ? shape[0] : 1};
}

// Each input element meets each tap of its group's output channels.
std::uint64_t macs_of_transposed(const ov::Node& node) {
  const ov::Shape& x = node.get_input_shape(0);
  return x[1] == 0 ? 0 : ov::shape_size(x) * (ov::shape_size(node.get_input_shape(1)) / x[1]);
}

// Weights are [groups] x in x out x kernel.
Arrangement arrangement_of_transposed(const ov::Node& node) {
  const ov::Shape& shape = node.get_input_shape(1);
  const bool grouped = is_any<ov::op::v1::GroupConvolutionBackpropData>(node);
  const std::size_t first = grouped ? 1 : 0, groups = grouped ? shape[0] : 1;
  return {.outer = groups,
          .a = shape[first],
          .b = shape[first + 1],
          .inner = product_of(shape, first + 2, shape.size()),
          .swap = true,
          .groups = groups};
}

// Whole rows of a constant table of floats; other Gathers are no concern of ours.
Refusal refusal_of_embedding(const ov::Node& node, const Constants& constants) {
  const auto* gather = ov::as_type<const ov::op::util::GatherBase>(&node);
  if (!constant(node, 0, constants) || constant(node, 1, constants)) return std::nullopt;
  const ov::element::Type index = node.get_input_element_type(1);
  if (node.get_input_element_type(0) != ov::element::f32) return std::nullopt;
  if (index != ov::element::i32 && index != ov::element::i64) return std::nullopt;
  const auto* axis = ov::as_type<const ov::op::v0::Constant>(node.get_input_node_ptr(2));
  const ov::Shape table = node.get_input_shape(0);
  if (table.size() != 2 || ov::shape_size(table) == 0 || axis == nullptr ||
      gather->get_batch_dims() != 0)
    return std::nullopt;
  if (axis->cast_vector<std::int64_t>() != std::vector<std::int64_t>{0}) return std::nullopt;
  return kIsLayer;
}

Arrangement arrangement_of_embedding(const ov::Node& node) {
  const ov::Shape& shape = node.get_input_shape(0);
  return {.a = shape[0], .b = product_of(shape, 1, shape.size())};
}

// Several kinds may have one operator: a node belongs to the first that takes it.
constexpr std::array kKinds = {
    // Activations x constant weights (MatMul, Gemm).
    LayerKind{.name = "MatMul",
              .operands = 1,
              .data_port = 0,
              .weight_port = 1,
              .moments = Moments::kInput,
              .is = is_any<ov::op::v0::MatMul>,
              .refusal = refusal_of_matmul,
              .macs = macs_of_matmul,
              .arrangement = arrangement_of_matmul},
    // Two activations.
    LayerKind{.name = "Attention",
              .operands = 2,
              .data_port = 0,
              .weight_port = std::nullopt,
              .moments = Moments::kNone,
              .is = is_any<ov::op::v0::MatMul>,
              .refusal = refusal_of_attention,
              .macs = macs_of_matmul,
              .arrangement = nullptr},
    // Grouped and depthwise ones too.
    LayerKind{.name = "Convolution",
              .operands = 1,
              .data_port = 0,
              .weight_port = 1,
              .moments = Moments::kPatches,
              .is = is_any<ov::op::v1::Convolution, ov::op::v1::GroupConvolution>,
              .refusal = refusal_of_convolution,
              .macs = macs_of_convolution,
              .arrangement = arrangement_of_convolution},
    // Grouped ones too.
    LayerKind{
        .name = "TransposedConvolution",
        .operands = 1,
        .data_port = 0,
        .weight_port = 1,
        .moments = Moments::kPatches,
        .is = is_any<ov::op::v1::ConvolutionBackpropData, ov::op::v1::GroupConvolutionBackpropData>,
        .refusal = refusal_of_convolution,
        .macs = macs_of_transposed,
        .arrangement = arrangement_of_transposed},
    // Gather of rows of a constant table.
    LayerKind{.name = "Embedding",
              .operands = 0,
              .data_port = 1,
              .weight_port = 0,
              .moments = Moments::kUses,
              .is = is_any<ov::op::util::GatherBase>,
              .refusal = refusal_of_embedding,
              .macs = nullptr,
              .arrangement = arrangement_of_embedding},
};

}  // namespace

std::span<const LayerKind> layer_kinds() { return kKinds; }

const LayerKind* layer_kind(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &LayerKind::name);
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace posittune::model
