#pragma once

// Geometry of a convolution, transposed or not, and its plain form as a matrix of patches.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ov {
class Node;
}

namespace posittune::engine {

// Parameters that the node fixes; up to three spatial dimensions.
struct ConvolutionParameters {
  bool transposed = false;
  std::size_t groups = 1, in_channels = 0, out_channels = 0;
  std::vector<std::size_t> kernel, strides, dilations;
  std::vector<std::ptrdiff_t> pads_begin, pads_end;
  std::vector<std::ptrdiff_t> output_padding;  // transposed only
  bool sizes_from_input = false;  // transposed: an input of the node gives the sizes of the output
  bool same_upper = false, same_lower = false;  // pads follow from the sizes

  std::size_t spatial() const { return kernel.size(); }
  std::size_t taps() const;
  std::size_t columns() const { return in_channels / groups * taps(); }
};
ConvolutionParameters convolution_parameters(const ov::Node& node);

// The geometry for one size of image.
struct Geometry {
  ConvolutionParameters parameters;
  std::vector<std::size_t> in, out;  // spatial sizes
  std::vector<std::ptrdiff_t> pads_begin, pads_end;

  std::size_t in_positions() const;
  std::size_t out_positions() const;
};
Geometry geometry(const ConvolutionParameters& parameters, std::span<const std::size_t> in,
                  std::span<const std::size_t> out);

// The spatial sizes of the output for these of the input, unless the node has sizes_from_input.
std::vector<std::size_t> output_sizes(const ConvolutionParameters& parameters,
                                      std::span<const std::size_t> in);

// Gathers the inputs of one output position and group, in the order of a weight's columns
// (in/groups x kernel); zero outside the image. `image` is in_channels x in. `patch` has columns()
// entries.
void gather_patch(const Geometry& geometry, std::span<const float> image, std::size_t group,
                  std::size_t position, std::span<float> patch);

}  // namespace posittune::engine
