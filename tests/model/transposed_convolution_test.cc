#include "posittune/model/transposed_convolution.h"

#include <gtest/gtest.h>

namespace posittune::model {
namespace {

void expect(const TransposedPads& pads, std::int64_t begin, std::int64_t end,
            std::int64_t output_padding) {
  EXPECT_EQ(pads.begin, begin);
  EXPECT_EQ(pads.end, end);
  EXPECT_EQ(pads.output_padding, output_padding);
}

// The formulas of ONNX's ConvTranspose: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
TEST(TransposedConvolution, AnOddPadGoesToTheEndForUpper) {
  expect(same_pads({.stride = 2, .dilation = 1, .kernel = 3}, true), 0, 1, 0);
  expect(same_pads({.stride = 2, .dilation = 1, .kernel = 3}, false), 1, 0, 0);
  expect(same_pads({.stride = 2, .dilation = 2, .kernel = 3, .output_padding = 1}, true), 2, 2, 1);
}

TEST(TransposedConvolution, AKernelThatDoesNotCoverTheStrideIsNotPadded) {
  expect(same_pads({.stride = 3, .dilation = 1, .kernel = 1}, true), 0, 0, 0);
}

TEST(TransposedConvolution, ALongerOutputIsFilled) {
  expect(split_pads({.stride = 2, .kernel = 2, .output_padding = 1}, -3, true), 0, 0, 4);
  expect(split_pads({.stride = 2, .kernel = 2}, 3, false), 2, 1, 0);
}

}  // namespace
}  // namespace posittune::model
