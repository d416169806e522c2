// The plain twin's elements are those of the codecs.

#include "posittune/kernels/scalar.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <random>

#include "posittune/formats/block.h"

namespace posittune::kernels {
namespace {

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

TEST(Scalar, ElementsAreThoseOfTheCodecs) {
  std::mt19937 random(1);
  for (const char* name : {"posit<8,1>", "posit<6,2>", "posit<16,4>", "int8", "int3", "fp8_e4m3",
                           "fp8_e5m2", "fp4_e2m1", "bf16", "fp16", "fp32"}) {
    const formats::Format of = format(name);
    const Plan plan = make_plan(of);
    for (int i = 0; i < 20000; ++i) {
      const float x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      ASSERT_TRUE(same(round_one(plan, x, 1), formats::round_to_float(of, x))) << name << " " << x;
      if (std::isnan(x)) continue;
      ASSERT_TRUE(same(decode_one(plan, encode_one(plan, x, 1)), round_one(plan, x, 1)))
          << name << " " << x;
    }
  }
}

TEST(Scalar, ScalingOfPositsSaturates) {
  const Plan posit = make_plan(format("posit<8,1>")), integer = make_plan(format("int8"));
  EXPECT_EQ(scaled(posit, 3e38f, 16), 4096);
  EXPECT_EQ(scaled(posit, -3e38f, 16), -4096);
  EXPECT_NE(scaled(posit, FLT_TRUE_MIN, 0.25f), 0);
  EXPECT_EQ(scaled(posit, 0, 16), 0);
  EXPECT_TRUE(std::isinf(scaled(posit, INFINITY, 0.5f)));
  EXPECT_TRUE(std::isinf(scaled(integer, 3e38f, 16)));
  EXPECT_EQ(scaled(integer, 3, 0.5f), 1.5f);
}

// OCP MX 1.0, section 6.3: the exponent of the largest element less that of the largest value.
TEST(Scalar, ExponentsOfBlocks) {
  const Plan plan = make_plan(format("mxfp4"));  // the largest value is 6, exponent 2
  const float block[] = {0.1f, -9, 3, NAN, INFINITY};
  EXPECT_EQ(block_exponent(plan, block, 5, 1), 1);
  EXPECT_EQ(block_exponent(plan, block, 5, 4), 3);
  EXPECT_EQ(block_exponent(plan, block, 1, 1), -6);
}

TEST(Scalar, PowersOfTwo) {
  for (int e = -127; e <= 127; ++e) EXPECT_EQ(power_of_two(e), std::ldexp(1.0f, e)) << e;
}

}  // namespace
}  // namespace posittune::kernels
