// How images are cut; what plans compute is tested by whole convolutions (convolution_test.cc).

#include "posittune/engine/convolution_plan.h"

#include <gtest/gtest.h>

namespace posittune::engine {
namespace {

using Sizes = std::vector<std::size_t>;

ConvolutionParameters line(std::size_t kernel, std::size_t stride, std::size_t dilation,
                           std::ptrdiff_t begin, std::ptrdiff_t end) {
  return {.transposed = false,
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

// Bands cover the output once, and each has the input rows that its kernel
// reaches.
TEST(ConvolutionPlan, BandsCoverTheImage) {
  for (std::size_t in = 1; in < 60; ++in) {
    for (const std::size_t stride : {1, 2, 3}) {
      const ConvolutionParameters p = line(5, stride, 2, 3, 6);
      const auto padded = static_cast<std::ptrdiff_t>(in) + 9 - 9;
      if (padded < 0) continue;
      const Sizes out = output_sizes(p, Sizes{in});
      std::size_t next = 0;
      for (const Band& band : make_bands(geometry(p, Sizes{in}, out), 4)) {
        EXPECT_EQ(band.out_first, next);
        next += band.out_count;
        EXPECT_LE(band.in_first + band.in_count, in);
        EXPECT_GT(band.in_count, 0u);
        // What oneDNN asks for: the sizes fit.
        const auto span =
            static_cast<std::ptrdiff_t>(band.in_count) + band.pad_begin + band.pad_end - 9;
        EXPECT_EQ(span / static_cast<std::ptrdiff_t>(stride) + 1,
                  static_cast<std::ptrdiff_t>(band.out_count));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(band.in_first) - band.pad_begin,
                  static_cast<std::ptrdiff_t>(band.out_first * stride) - 3);
      }
      EXPECT_EQ(next, out[0]);
    }
  }
}

// One image of 3 x 1 by a kernel of 2: differences of neighbours.
TEST(ConvolutionPlan, RunsABand) {
  const ConvolutionParameters p = line(2, 1, 1, 0, 0);
  const Geometry whole = geometry(p, Sizes{3}, Sizes{2});
  auto weight = std::make_shared<PreparedWeight>();
  weight->rows = 1;
  weight->cols = 2;
  const std::vector<float> values = {1, -1}, image = {5, 3, 10};
  std::vector<float> out = {99, 99};
  for (const Band& band : make_bands(whole, 2)) {
    const ConvolutionPlan plan(whole, band, ConvolutionPlan::Type::f32);
    WeightForm form;
    plan.renew(form, weight, values.data());
    plan.run(image.data(), form, out.data());
  }
  EXPECT_EQ(out, (std::vector<float>{2, -7}));
}

}  // namespace
}  // namespace posittune::engine
