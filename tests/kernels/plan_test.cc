// Which algorithm a format has, and constants by hand; the algorithms are tested by their values.

#include "posittune/kernels/plan.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <cmath>

namespace posittune::kernels {
namespace {

Plan plan(const char* name) { return make_plan(formats::parse_format(name).value()); }
float as_float(std::int32_t pattern) { return std::bit_cast<float>(pattern); }

TEST(Plan, AlgorithmsOfFormats) {
  const auto kind = [](const char* name) { return plan(name).kind; };
  EXPECT_EQ(kind("fp32"), Kind::kCopy);
  EXPECT_EQ(kind("posit<8,1>"), Kind::kPosit);
  EXPECT_EQ(kind("posit<8,1>ftz"), Kind::kPositFlush);
  EXPECT_EQ(kind("posit<16,4>"), Kind::kPositWide);  // 2^224 is past fp32's range
  EXPECT_EQ(kind("posit<32,2>"), Kind::kPositWide);  // 28 bits are past its precision
  EXPECT_EQ(kind("fp8_e4m3"), Kind::kFloat);
  EXPECT_EQ(kind("fp16"), Kind::kFloat);
  EXPECT_EQ(kind("bf16"), Kind::kFloatShift);
  EXPECT_EQ(kind("int8"), Kind::kInt);
  EXPECT_EQ(plan("posit<8,1>").encode_kind, Kind::kPositShort);
  EXPECT_EQ(plan("posit<16,1>").encode_kind, Kind::kPosit);
}

TEST(Plan, ConstantsOfAPosit) {
  const Plan p = plan("posit<8,1>");
  EXPECT_EQ(p.regime_shift, 24);
  EXPECT_EQ(p.shift_base, 26 + 1 - 8);
  EXPECT_EQ(as_float(p.low_bits), std::ldexp(1.0f, -12));
  EXPECT_EQ(as_float(p.high_bits), std::nextafter(4096.0f, 0.0f));  // rounds up to the largest
  EXPECT_EQ(p.nan_code, 128);
  EXPECT_EQ(p.max_code, 127);
  EXPECT_EQ(p.max, 4096);
}

TEST(Plan, ConstantsOfFloats) {
  const Plan e4m3 = plan("fp8_e4m3"), half = plan("fp16");
  EXPECT_EQ(e4m3.man_bits, 3);
  EXPECT_EQ(e4m3.overflow, 448);
  EXPECT_EQ(e4m3.unit, std::ldexp(1.0f, -9));
  EXPECT_EQ(as_float(e4m3.min_exp_bits), std::ldexp(1.0f, -6));
  EXPECT_EQ(e4m3.inf_code, -1);
  EXPECT_TRUE(std::isinf(half.overflow));
  EXPECT_EQ(half.limit, 65536);
  EXPECT_EQ(half.inf_code, 0x7c00);
}

TEST(Plan, BlocksAreElementsWithASharedExponent) {
  const Plan p = plan("mxfp8");
  EXPECT_EQ(p.block, 32);
  EXPECT_EQ(p.block_emax, 8);  // 448 is 1.75 x 2^8
  EXPECT_EQ(p.max, 448);
  EXPECT_EQ(plan("int8").block, 0);
}

}  // namespace
}  // namespace posittune::kernels
