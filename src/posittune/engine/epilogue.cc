#include "posittune/engine/epilogue.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numbers>
#include <openvino/core/node.hpp>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/sigmoid.hpp>
#include <openvino/op/swish.hpp>

namespace posittune::engine {
namespace {

using Output = ov::Output<ov::Node>;

std::vector<std::shared_ptr<ov::Node>> readers(const Output& of) {
  std::vector<std::shared_ptr<ov::Node>> nodes;
  for (const auto& input : of.get_target_inputs())
    nodes.push_back(input.get_node()->shared_from_this());
  return nodes;
}

// Adding `values` to `sum` adds one number to each channel and leaves its shape as it is.
bool is_bias(const Output& values, const Output& sum) {
  const ov::PartialShape& of = sum.get_partial_shape();
  if (values.get_partial_shape().is_dynamic() || of.rank().is_dynamic() || of[1].is_dynamic())
    return false;
  const ov::Shape& shape = values.get_shape();
  const std::size_t rank = of.size(), channels = of.get_min_shape()[1];
  if (shape.size() != rank && shape.size() + 1 != rank) return false;
  return shape.at(shape.size() == rank ? 1 : 0) == channels && ov::shape_size(shape) == channels;
}

// Imported from ONNX, a bias is reshaped to the rank of the sums, which are asked for their shape;
// stored in half precision, it is converted.
std::shared_ptr<ov::op::v0::Constant> constant_behind(const Output& values) {
  std::shared_ptr<ov::Node> node = values.get_node_shared_ptr();
  while (node->get_output_element_type(0) == ov::element::f32 &&
         (ov::is_type<ov::op::v1::Reshape>(node) || ov::is_type<ov::op::v0::Convert>(node))) {
    node = node->get_input_node_shared_ptr(0);
  }
  return ov::as_type_ptr<ov::op::v0::Constant>(node);
}

struct Bias {
  std::shared_ptr<ov::Node> add;
  std::vector<float> values;
};

std::optional<Bias> bias_of(const Output& sum) {
  for (const auto& add : readers(sum)) {
    if (!ov::is_type<ov::op::v1::Add>(add) || add->get_autob() != ov::op::AutoBroadcastType::NUMPY)
      continue;
    const std::size_t other = add->input_value(0) == sum ? 1 : 0;
    const Output values = add->input_value(other);
    if (!is_bias(values, sum)) continue;
    const auto constant = constant_behind(values);
    if (!constant) continue;
    Bias bias{add, constant->cast_vector<float>()};
    // Without the reshape, the question for the shape goes too.
    add->input(other).replace_source_output(
        std::make_shared<ov::op::v0::Constant>(ov::element::f32, values.get_shape(), bias.values));
    return bias;
  }
  return std::nullopt;
}

struct Activated {
  std::shared_ptr<ov::Node> last;
  Activation activation;
};

std::optional<Activated> activation_of(const Output& x) {
  const auto nodes = readers(x);
  if (nodes.size() == 1) {
    if (ov::is_type<ov::op::v0::Relu>(nodes[0])) return Activated{nodes[0], Activation::kRelu};
    const bool swish = ov::is_type<ov::op::v4::Swish>(nodes[0]) && nodes[0]->get_input_size() == 1;
    if (swish) return Activated{nodes[0], Activation::kSwish};
  }
  if (nodes.size() != 2) return std::nullopt;
  const bool first = ov::is_type<ov::op::v0::Sigmoid>(nodes[0]);
  const auto& sigmoid = nodes[first ? 0 : 1];
  const auto& product = nodes[first ? 1 : 0];
  if (!ov::is_type<ov::op::v0::Sigmoid>(sigmoid) || !ov::is_type<ov::op::v1::Multiply>(product))
    return std::nullopt;
  const auto of_sigmoid = readers(sigmoid->output(0));
  if (of_sigmoid.size() != 1 || of_sigmoid[0] != product) return std::nullopt;
  return Activated{product, Activation::kSwish};
}

// e^x for |x| <= 87, and e^87 or e^-87 beyond, to 2 units in the last place: x = n ln 2 + r, and
// for e^r = 1 + r + r^2 q(r) the q of degree 4 whose largest relative error of e^r is least (3e-9).
// Without a comparison of floats, so that loops are vectorized; terms in pairs, so that they need
// not wait.
float exponential(float x) {
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: added, the integer is in the low bits
  constexpr std::int32_t kSign = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMost = std::bit_cast<std::int32_t>(87.0F);
  const auto bits = std::bit_cast<std::int32_t>(x);
  x = std::bit_cast<float>((bits & kSign) | std::min(bits & ~kSign, kMost));
  const float shifted = x * std::numbers::log2e_v<float> + kRound;
  const float n = shifted - kRound;
  const float r = x - n * kLn2High - n * kLn2Low, r2 = r * r;
  const float low = 0.49999994F + 0.166665211F * r;
  const float high = (0.041668389F + 0.00836874545F * r) + r2 * 0.00138145406F;
  const float power = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + 127U) << 23U);
  return (r2 * (low + r2 * high) + (1.0F + r)) * power;
}

float swish(float x) { return x / (1.0F + exponential(-x)); }

[[gnu::always_inline]] inline void apply_here(const Epilogue& epilogue, std::size_t channel,
                                              std::span<float> sums) {
  const float bias = epilogue.bias.empty() ? 0.0F : epilogue.bias[channel];
  switch (epilogue.activation) {
    case Activation::kNone:
      for (float& y : sums) y += bias;
      break;
    case Activation::kRelu:
      for (float& y : sums) y = std::max(y + bias, 0.0F);
      break;
    case Activation::kSwish:
      for (float& y : sums) y = swish(y + bias);
      break;
  }
}

// No operation is contracted, so the bits are those of the baseline.
[[gnu::target("avx2")]] void apply_avx2(const Epilogue& epilogue, std::size_t channel,
                                        std::span<float> sums) {
  apply_here(epilogue, channel, sums);
}

}  // namespace

void apply(const Epilogue& epilogue, std::size_t channel, std::span<float> sums) {
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  (avx2 ? apply_avx2 : apply_here)(epilogue, channel, sums);
}

std::optional<Epilogue> take_epilogue(const std::shared_ptr<ov::Node>& node) {
  Epilogue epilogue;
  const Output sum = node->output(0);
  const auto only = [](const Output& of) { return of.get_target_inputs().size() == 1; };
  if (auto bias = bias_of(sum); bias && only(sum)) {
    epilogue.bias = std::move(bias->values);
    bias->add->output(0).replace(sum);
  }
  if (const auto found = activation_of(sum)) {
    epilogue.activation = found->activation;
    found->last->output(0).replace(sum);
  }
  if (epilogue.bias.empty() && epilogue.activation == Activation::kNone) return std::nullopt;
  return epilogue;
}

}  // namespace posittune::engine
