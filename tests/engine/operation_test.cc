// What all operations share; each is tested by the layers that run it (single_layer_test.cc).

#include "posittune/engine/operation.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

const std::vector<float> kRows = {1, -4, 0.5F, 0.25F};  // 2 x 2

TEST(Operation, ScalesPerTokenAreThoseOfRows) {
  ActivationQuantizer quantizer{
      .format = test::format("int8"), .rule = quant::ScaleRule::kAbsmax, .per_token = true};
  EXPECT_EQ(activation_scales(quantizer, kRows, {2, 2}, 1).value(),
            (std::vector<float>{127.0F / 4, 127.0F / 0.5F}));
  quantizer.per_token = false;
  quantizer.scale = 3;
  EXPECT_EQ(activation_scales(quantizer, kRows, {2, 2}, 1).value(), (std::vector<float>{3}));
}

TEST(Operation, OperandsInFp32AreNotCopied) {
  std::vector<float> buffer;
  EXPECT_EQ(quantized_operand({}, kRows, {2, 2}, buffer, 1).value(), kRows.data());
  EXPECT_TRUE(buffer.empty());
}

// To integers, times 2 before and halved behind: halves.
TEST(Operation, OperandsAreFakeQuantized) {
  std::vector<float> buffer;
  const ActivationQuantizer quantizer{.format = test::format("int8"), .scale = 2};
  const auto y = quantized_operand(quantizer, kRows, {2, 2}, buffer, 1);
  ASSERT_TRUE(y.ok()) << y.error().message();
  EXPECT_EQ(*y, buffer.data());
  EXPECT_EQ(std::vector<float>(*y, *y + 4), (std::vector<float>{1, -4, 0.5F, 0}));  // tie to even
}

}  // namespace
}  // namespace posittune::engine
