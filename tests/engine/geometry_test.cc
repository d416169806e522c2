// Shapes and patches by hand.

#include "posittune/engine/geometry.h"

#include <gtest/gtest.h>

#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>

#include "tests/model/models.h"

namespace posittune::engine {
namespace {

using Sizes = std::vector<std::size_t>;

ConvolutionParameters line(std::size_t kernel, std::size_t stride, std::size_t dilation,
                           std::ptrdiff_t begin, std::ptrdiff_t end, bool transposed = false) {
  return {.transposed = transposed,
          .groups = 1,
          .in_channels = 1,
          .out_channels = 1,
          .kernel = {kernel},
          .strides = {stride},
          .dilations = {dilation},
          .pads_begin = {begin},
          .pads_end = {end},
          .output_padding = {0}};
}

std::vector<float> patch_at(const Geometry& sizes, const std::vector<float>& image,
                            std::size_t position, std::size_t group = 0) {
  std::vector<float> patch(sizes.parameters.columns());
  gather_patch(sizes, image, group, position, patch);
  return patch;
}

TEST(Geometry, ParametersOfANode) {
  const auto x = test::parameter({1, 4, 9, 9});
  const ov::op::v1::GroupConvolution node(x, test::normal_constant({2, 3, 2, 3, 2}, 1), {2, 1},
                                          {1, 0}, {0, 1}, {1, 2});
  const ConvolutionParameters p = convolution_parameters(node);
  EXPECT_FALSE(p.transposed);
  EXPECT_EQ(p.groups, 2u);
  EXPECT_EQ(p.in_channels, 4u);
  EXPECT_EQ(p.out_channels, 6u);
  EXPECT_EQ(p.kernel, (Sizes{3, 2}));
  EXPECT_EQ(p.strides, (Sizes{2, 1}));
  EXPECT_EQ(p.dilations, (Sizes{1, 2}));
  EXPECT_EQ(p.pads_begin, (std::vector<std::ptrdiff_t>{1, 0}));
  EXPECT_EQ(p.pads_end, (std::vector<std::ptrdiff_t>{0, 1}));
  EXPECT_EQ(p.taps(), 6u);
  EXPECT_EQ(p.columns(), 12u);
}

TEST(Geometry, OutputSizes) {
  EXPECT_EQ(output_sizes(line(3, 1, 1, 0, 0), Sizes{9}), Sizes{7});
  EXPECT_EQ(output_sizes(line(3, 2, 1, 1, 1), Sizes{10}), Sizes{5});
  EXPECT_EQ(output_sizes(line(3, 1, 3, 0, 0), Sizes{9}), Sizes{3});
  EXPECT_EQ(output_sizes(line(3, 2, 1, 1, 0, true), Sizes{5}), Sizes{10});  // 4 * 2 + 3 - 1
  ConvolutionParameters same = line(3, 2, 1, 0, 0, true);
  same.same_upper = true;
  same.output_padding = {1};
  EXPECT_EQ(output_sizes(same, Sizes{5}), Sizes{12});  // nothing to fit: no pads
}

// Odd padding: SAME_UPPER puts the extra one behind, SAME_LOWER before;
// OpenVINO's transposed convolutions the other way round.
TEST(Geometry, SamePads) {
  ConvolutionParameters p = line(4, 1, 1, 0, 0);
  p.same_upper = true;
  Geometry g = geometry(p, Sizes{6}, Sizes{6});
  EXPECT_EQ(g.pads_begin[0], 1);
  EXPECT_EQ(g.pads_end[0], 2);
  p.same_upper = false;
  p.same_lower = true;
  g = geometry(p, Sizes{6}, Sizes{6});
  EXPECT_EQ(g.pads_begin[0], 2);
  EXPECT_EQ(g.pads_end[0], 1);
  p.transposed = true;
  g = geometry(p, Sizes{6}, Sizes{6});
  EXPECT_EQ(g.pads_begin[0], 1);
  EXPECT_EQ(g.pads_end[0], 2);
}

TEST(Geometry, PatchesOfALine) {
  const Geometry g = geometry(line(3, 2, 2, 1, 1), Sizes{5}, Sizes{2});
  EXPECT_EQ(patch_at(g, {1, 2, 3, 4, 5}, 0), (std::vector<float>{0, 2, 4}));
  EXPECT_EQ(patch_at(g, {1, 2, 3, 4, 5}, 1), (std::vector<float>{2, 4, 0}));
}

// Transposed, stride 2: output 3 gets input 1 by tap 1, output 2 input 1 by tap
// 0 and input 0 by tap 2.
TEST(Geometry, PatchesOfATransposedLine) {
  const Geometry g = geometry(line(3, 2, 1, 0, 0, true), Sizes{2}, Sizes{5});
  EXPECT_EQ(patch_at(g, {10, 20}, 2), (std::vector<float>{20, 0, 10}));
  EXPECT_EQ(patch_at(g, {10, 20}, 3), (std::vector<float>{0, 20, 0}));
}

TEST(Geometry, PatchesOfGroupsAndPlanes) {
  ConvolutionParameters p{.groups = 2,
                          .in_channels = 4,
                          .out_channels = 2,
                          .kernel = {2, 2},
                          .strides = {1, 1},
                          .dilations = {1, 1},
                          .pads_begin = {0, 0},
                          .pads_end = {0, 0},
                          .output_padding = {}};
  std::vector<float> image(4 * 6);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i);
  const Geometry g = geometry(p, Sizes{2, 3}, Sizes{1, 2});
  EXPECT_EQ(patch_at(g, image, 1, 0), (std::vector<float>{1, 2, 4, 5, 7, 8, 10, 11}));
  EXPECT_EQ(patch_at(g, image, 0, 1), (std::vector<float>{12, 13, 15, 16, 18, 19, 21, 22}));
}

}  // namespace
}  // namespace posittune::engine
