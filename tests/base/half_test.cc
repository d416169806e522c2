// All 65536 numbers by the formula of the standard, and floats at and beside each boundary.

#include "posittune/base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posittune {
namespace {

Half of_bits(unsigned bits) {
  Half half;
  half.bits = static_cast<std::uint16_t>(bits);
  return half;
}
float value(unsigned bits) { return static_cast<float>(of_bits(bits)); }
unsigned code(float x) { return Half(x).bits; }

// IEEE 754-2019, 3.4: (-1)^s 2^(e - 15) (1 + f / 2^10), for e = 0 (-1)^s 2^-14 f / 2^10.
double by_the_standard(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

TEST(Half, EachNumberIsThatOfTheStandardAndComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00) == 0x7c00) continue;
    ASSERT_EQ(value(bits), by_the_standard(bits)) << bits;
    ASSERT_EQ(std::signbit(value(bits)), bits >> 15 != 0) << bits;
    ASSERT_EQ(code(value(bits)), bits);
  }
}

TEST(Half, InfinitiesAndNan) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(value(0x7c00), kInfinity);
  EXPECT_EQ(value(0xfc00), -kInfinity);
  EXPECT_EQ(code(kInfinity), 0x7c00U);
  EXPECT_EQ(code(-kInfinity), 0xfc00U);
  for (const unsigned nan : {0x7c01U, 0x7e00U, 0xffffU}) EXPECT_TRUE(std::isnan(value(nan)));
  EXPECT_EQ(code(std::nanf("")), 0x7e00U);
  EXPECT_EQ(code(-std::nanf("")), 0xfe00U);
}

// Between each number and the next: half way to the even one, any other to the nearer one.
TEST(Half, RoundsToTheNearestTiesToEven) {
  for (unsigned bits = 0; bits < 0x7bff; ++bits) {
    const float half_way = (value(bits) + value(bits + 1)) / 2;  // exact: 12 bits
    ASSERT_EQ(code(half_way), bits + (bits & 1)) << bits;
    ASSERT_EQ(code(std::nextafter(half_way, 0.0F)), bits);
    ASSERT_EQ(code(std::nextafter(half_way, 1e6F)), bits + 1);
    ASSERT_EQ(code(-half_way), 0x8000 + bits + (bits & 1));
  }
}

TEST(Half, TheLargestAndTheSmallest) {
  EXPECT_EQ(code(65504), 0x7bffU);
  EXPECT_EQ(code(std::nextafter(65520.0F, 0.0F)), 0x7bffU);
  EXPECT_EQ(code(65520), 0x7c00U);
  EXPECT_EQ(code(std::numeric_limits<float>::max()), 0x7c00U);
  EXPECT_EQ(code(0x1p-24F), 0x0001U);
  EXPECT_EQ(code(0x1p-25F), 0x0000U);
  EXPECT_EQ(code(-std::numeric_limits<float>::denorm_min()), 0x8000U);
}

}  // namespace
}  // namespace posittune
