#include "posittune/engine/geometry.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>

namespace posittune::engine {
namespace {

std::size_t product(std::span<const std::size_t> values) {
  return std::accumulate(values.begin(), values.end(), std::size_t{1}, std::multiplies<>());
}

// Attributes that the four kinds of nodes share in name.
template <class Op>
void read_attributes(const Op& op, ConvolutionParameters& parameters) {
  parameters.strides.assign(op.get_strides().begin(), op.get_strides().end());
  parameters.dilations.assign(op.get_dilations().begin(), op.get_dilations().end());
  parameters.pads_begin.assign(op.get_pads_begin().begin(), op.get_pads_begin().end());
  parameters.pads_end.assign(op.get_pads_end().begin(), op.get_pads_end().end());
  parameters.same_upper = op.get_auto_pad() == ov::op::PadType::SAME_UPPER;
  parameters.same_lower = op.get_auto_pad() == ov::op::PadType::SAME_LOWER;
  if (op.get_auto_pad() == ov::op::PadType::VALID) {
    std::fill(parameters.pads_begin.begin(), parameters.pads_begin.end(), 0);
    std::fill(parameters.pads_end.begin(), parameters.pads_end.end(), 0);
  }
}

}  // namespace

std::size_t ConvolutionParameters::taps() const { return product(kernel); }

ConvolutionParameters convolution_parameters(const ov::Node& node) {
  ConvolutionParameters parameters;
  const ov::Shape weights = node.get_input_shape(1);
  const auto channels = [&](bool grouped, bool transposed) {
    const std::size_t first = grouped ? 1 : 0;
    parameters.transposed = transposed;
    parameters.groups = grouped ? weights[0] : 1;
    parameters.in_channels = parameters.groups * weights[transposed ? first : first + 1];
    parameters.out_channels = parameters.groups * weights[transposed ? first + 1 : first];
    parameters.kernel.assign(weights.begin() + static_cast<std::ptrdiff_t>(first) + 2,
                             weights.end());
  };
  if (const auto* plain = ov::as_type<const ov::op::v1::Convolution>(&node)) {
    channels(false, false);
    read_attributes(*plain, parameters);
  } else if (const auto* grouped = ov::as_type<const ov::op::v1::GroupConvolution>(&node)) {
    channels(true, false);
    read_attributes(*grouped, parameters);
  } else if (const auto* back = ov::as_type<const ov::op::v1::ConvolutionBackpropData>(&node)) {
    channels(false, true);
    read_attributes(*back, parameters);
    parameters.output_padding.assign(back->get_output_padding().begin(),
                                     back->get_output_padding().end());
  } else if (const auto* group_back =
                 ov::as_type<const ov::op::v1::GroupConvolutionBackpropData>(&node)) {
    channels(true, true);
    read_attributes(*group_back, parameters);
    parameters.output_padding.assign(group_back->get_output_padding().begin(),
                                     group_back->get_output_padding().end());
  }
  parameters.sizes_from_input = parameters.transposed && node.get_input_size() > 2;
  return parameters;
}

std::size_t Geometry::in_positions() const { return product(in); }
std::size_t Geometry::out_positions() const { return product(out); }

Geometry geometry(const ConvolutionParameters& parameters, std::span<const std::size_t> in,
                  std::span<const std::size_t> out) {
  Geometry result{parameters,
                  {in.begin(), in.end()},
                  {out.begin(), out.end()},
                  parameters.pads_begin,
                  parameters.pads_end};
  for (std::size_t d = 0; d < parameters.spatial(); ++d) {
    const auto stride = static_cast<std::ptrdiff_t>(parameters.strides[d]);
    const auto extent =
        static_cast<std::ptrdiff_t>((parameters.kernel[d] - 1) * parameters.dilations[d] + 1);
    // A transposed convolution is the other way round: its output is what is padded.
    const auto narrow = static_cast<std::ptrdiff_t>(parameters.transposed ? in[d] : out[d]);
    const auto wide = static_cast<std::ptrdiff_t>(parameters.transposed ? out[d] : in[d]);
    const std::ptrdiff_t total = (narrow - 1) * stride + extent - wide;
    const bool same = parameters.same_upper || parameters.same_lower;
    if (same) {
      const std::ptrdiff_t all = std::max<std::ptrdiff_t>(0, total);
      // The odd one goes behind for SAME_UPPER; transposed, OpenVINO has it the other way round.
      const bool behind = parameters.same_upper != parameters.transposed;
      result.pads_begin[d] = behind ? all / 2 : all - all / 2;
    }
    // Output padding of a transposed convolution shows up in the pad that fits the sizes.
    if (same || parameters.transposed) result.pads_end[d] = total - result.pads_begin[d];
  }
  return result;
}

std::vector<std::size_t> output_sizes(const ConvolutionParameters& parameters,
                                      std::span<const std::size_t> in) {
  std::vector<std::size_t> out;
  for (std::size_t d = 0; d < parameters.spatial(); ++d) {
    const auto stride = static_cast<std::ptrdiff_t>(parameters.strides[d]);
    const auto extent =
        static_cast<std::ptrdiff_t>((parameters.kernel[d] - 1) * parameters.dilations[d] + 1);
    const std::ptrdiff_t pads = parameters.pads_begin[d] + parameters.pads_end[d];
    const auto size = static_cast<std::ptrdiff_t>(in[d]);
    const bool same = parameters.same_upper || parameters.same_lower;
    std::ptrdiff_t result =
        same ? (size + stride - 1) / stride : (size + pads - extent) / stride + 1;
    // Without given sizes, SAME has nothing to fit and pads nothing.
    if (parameters.transposed) {
      result = (size - 1) * stride + extent - (same ? 0 : pads) + parameters.output_padding[d];
    }
    out.push_back(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, result)));
  }
  return out;
}

void gather_patch(const Geometry& geometry, std::span<const float> image, std::size_t group,
                  std::size_t position, std::span<float> patch) {
  const ConvolutionParameters& parameters = geometry.parameters;
  const std::size_t dims = parameters.spatial();
  const std::size_t taps = parameters.taps(), channels = parameters.in_channels / parameters.groups;
  const std::size_t positions = geometry.in_positions();
  std::array<std::ptrdiff_t, 3> at{};
  for (std::size_t d = dims; d-- > 0; position /= geometry.out[d]) {
    at[d] = static_cast<std::ptrdiff_t>(position % geometry.out[d]);
  }
  for (std::size_t tap = 0; tap < taps; ++tap) {
    std::size_t offset = 0, rest = tap;
    std::array<std::ptrdiff_t, 3> k{};
    for (std::size_t d = dims; d-- > 0; rest /= parameters.kernel[d]) {
      k[d] = static_cast<std::ptrdiff_t>(rest % parameters.kernel[d] * parameters.dilations[d]);
    }
    bool inside = true;
    for (std::size_t d = 0; d < dims; ++d) {
      const auto stride = static_cast<std::ptrdiff_t>(parameters.strides[d]);
      std::ptrdiff_t i = 0;
      if (parameters.transposed) {
        const std::ptrdiff_t scaled = at[d] + geometry.pads_begin[d] - k[d];
        inside = inside && scaled >= 0 && scaled % stride == 0;
        i = scaled / stride;
      } else {
        i = at[d] * stride - geometry.pads_begin[d] + k[d];
      }
      inside = inside && i >= 0 && i < static_cast<std::ptrdiff_t>(geometry.in[d]);
      offset = offset * geometry.in[d] + (inside ? static_cast<std::size_t>(i) : 0);
    }
    for (std::size_t c = 0; c < channels; ++c) {
      patch[c * taps + tap] = inside ? image[(group * channels + c) * positions + offset] : 0.0F;
    }
  }
}

}  // namespace posittune::engine
