#include "posittune/model/transposed_convolution.h"

#include <algorithm>
#include <memory>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/reshape.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace posittune::model {
namespace {

using Numbers = std::vector<std::int64_t>;

[[noreturn]] void refuse(const ov::frontend::NodeContext& node, const std::string& why) {
  throw std::runtime_error("ConvTranspose '" + node.get_name() + "' is not supported: " + why);
}

// One number for each of `axes`.
Numbers numbers(const ov::frontend::NodeContext& node, const std::string& name, std::size_t axes,
                std::int64_t otherwise) {
  Numbers values = node.get_attribute<Numbers>(name, {});
  if (values.empty()) values.assign(axes, otherwise);
  if (values.size() != axes)
    refuse(node, name + " has " + std::to_string(values.size()) + " numbers, not " +
                     std::to_string(axes));
  return values;
}

// Sizes of the kernel, by the weights or else by the attribute.
Numbers kernel_sizes(const ov::frontend::NodeContext& node, const ov::PartialShape& weights) {
  if (weights.rank().is_dynamic()) refuse(node, "its weights have no known rank");
  if (weights.size() < 3) refuse(node, "its weights have less than 3 axes");
  const Numbers said = node.get_attribute<Numbers>("kernel_shape", {});
  Numbers sizes;
  for (std::size_t i = 2; i < weights.size(); ++i) {
    if (weights[i].is_dynamic() && said.size() != weights.size() - 2)
      refuse(node, "its kernel has no known size");
    sizes.push_back(weights[i].is_static() ? weights[i].get_length() : said[i - 2]);
  }
  return sizes;
}

// What is cut of the longest output so that it has size `wanted`.
std::int64_t total_pads(const ov::frontend::NodeContext& node, const TransposedAxis& axis,
                        const ov::Dimension& input, std::int64_t wanted) {
  if (input.is_dynamic())
    refuse(node,
           "output_shape with an input of open size; export it with pads, or with fixed sizes");
  return axis.stride * (input.get_length() - 1) + axis.output_padding +
         (axis.kernel - 1) * axis.dilation + 1 - wanted;
}

struct Padding {
  ov::CoordinateDiff begin, end, output;

  void add(const TransposedPads& pads) {
    begin.push_back(pads.begin);
    end.push_back(pads.end);
    output.push_back(pads.output_padding);
  }
};

Padding padding(const ov::frontend::NodeContext& node, const std::vector<TransposedAxis>& axes) {
  const std::string mode = node.get_attribute<std::string>("auto_pad", "NOTSET");
  const bool upper = mode == "SAME_UPPER";
  Numbers wanted = node.get_attribute<Numbers>("output_shape", {});
  if (wanted.size() == axes.size() + 2)
    wanted.erase(wanted.begin(), wanted.begin() + 2);  // batch and channels too
  if (!wanted.empty() && wanted.size() != axes.size())
    refuse(node, "output_shape has another number of axes");
  const Numbers pads = numbers(node, "pads", 2 * axes.size(), 0);
  const ov::PartialShape& input = node.get_input(0).get_partial_shape();
  Padding all;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!wanted.empty()) {
      const ov::Dimension size = input.rank().is_static() && input.size() == axes.size() + 2
                                     ? input[i + 2]
                                     : ov::Dimension();
      all.add(split_pads(axes[i], total_pads(node, axes[i], size, wanted[i]), upper));
    } else if (upper || mode == "SAME_LOWER") {
      all.add(same_pads(axes[i], upper));
    } else if (mode == "VALID") {
      all.add({0, 0, axes[i].output_padding});
    } else {
      all.add({pads[i], pads[axes.size() + i], axes[i].output_padding});
    }
  }
  return all;
}

// in x out/groups x kernel as groups x in/groups x out/groups x kernel.
ov::Output<ov::Node> grouped(const ov::frontend::NodeContext& node,
                             const ov::Output<ov::Node>& weights, std::int64_t groups) {
  const ov::PartialShape& shape = weights.get_partial_shape();
  if (shape.is_dynamic()) refuse(node, "groups of weights of unknown shape");
  Numbers to = {groups, shape[0].get_length() / groups};
  for (std::size_t i = 1; i < shape.size(); ++i) to.push_back(shape[i].get_length());
  const auto pattern = ov::op::v0::Constant::create(ov::element::i64, {to.size()}, to);
  return std::make_shared<ov::op::v1::Reshape>(weights, pattern, false);
}

bool has_bias(const ov::frontend::NodeContext& node) {
  return node.get_input_size() > 2 &&
         std::string_view(node.get_input(2).get_node()->get_type_name()) != "NullNode";
}

}  // namespace

TransposedPads split_pads(const TransposedAxis& axis, std::int64_t total, bool upper) {
  if (total < 0) return {0, 0, axis.output_padding - total};
  const std::int64_t half = total / 2;
  return upper ? TransposedPads{half, total - half, axis.output_padding}
               : TransposedPads{total - half, half, axis.output_padding};
}

TransposedPads same_pads(const TransposedAxis& axis, bool upper) {
  const std::int64_t total =
      (axis.kernel - 1) * axis.dilation + 1 - axis.stride + axis.output_padding;
  return split_pads(axis, std::max<std::int64_t>(0, total), upper);
}

ov::OutputVector convert_transposed_convolution(const ov::frontend::NodeContext& node) {
  const ov::Output<ov::Node> data = node.get_input(0), weights = node.get_input(1);
  const Numbers kernel = kernel_sizes(node, weights.get_partial_shape());
  const Numbers strides = numbers(node, "strides", kernel.size(), 1);
  const Numbers dilations = numbers(node, "dilations", kernel.size(), 1);
  const Numbers output_padding = numbers(node, "output_padding", kernel.size(), 0);
  std::vector<TransposedAxis> axes;
  for (std::size_t i = 0; i < kernel.size(); ++i)
    axes.push_back({strides[i], dilations[i], kernel[i], output_padding[i]});
  const Padding pads = padding(node, axes);
  const ov::Strides stride(strides.begin(), strides.end()),
      dilation(dilations.begin(), dilations.end());
  const auto groups = node.get_attribute<std::int64_t>("group", 1);
  if (groups < 1) refuse(node, "group is " + std::to_string(groups));
  std::shared_ptr<ov::Node> result;
  if (groups == 1) {
    result = std::make_shared<ov::op::v1::ConvolutionBackpropData>(
        data, weights, stride, pads.begin, pads.end, dilation, ov::op::PadType::EXPLICIT,
        pads.output);
  } else {
    result = std::make_shared<ov::op::v1::GroupConvolutionBackpropData>(
        data, grouped(node, weights, groups), stride, pads.begin, pads.end, dilation,
        ov::op::PadType::EXPLICIT, pads.output);
  }
  if (!has_bias(node)) return {result};
  result->set_friendly_name(node.get_name() +
                            "/WithoutBiases");  // as the front end names a Conv with a bias
  Numbers channels(kernel.size() + 2, 1);
  channels[1] = -1;
  const auto pattern = ov::op::v0::Constant::create(ov::element::i64, {channels.size()}, channels);
  const auto bias = std::make_shared<ov::op::v1::Reshape>(node.get_input(2), pattern, false);
  return {std::make_shared<ov::op::v1::Add>(result, bias)};
}

}  // namespace posittune::model
