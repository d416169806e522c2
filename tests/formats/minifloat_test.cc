// Floats of every split of exponent and mantissa against the oracle.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "checker.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// N 3..8: N-1 splits; N 9..16: X from 2 to min(8, N-2).
std::uint64_t small_codes() {
  std::uint64_t codes = 0;
  for (int n = 3; n <= 8; ++n) codes += static_cast<std::uint64_t>(n - 1) << n;
  for (int n = 9; n <= 16; ++n) codes += std::uint64_t{n == 9 ? 6U : 7U} << n;
  return codes;
}

TEST(Minifloat, AllCodesBothWaysTo16Bits) {
  std::uint64_t codes = 0;
  for (const Format& format : floats(3, 16)) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_codes()) << checker.mismatch();
    codes += checker.codes();
  }
  EXPECT_EQ(codes, small_codes());
}

TEST(Minifloat, ValuesBoundariesAndTheirNeighboursTo16Bits) {
  std::uint64_t inputs = 0;
  for (const Format& format : floats(3, 16)) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_inputs()) << checker.mismatch();
    ASSERT_EQ(checker.inputs(), checker.expected_inputs());
    inputs += checker.inputs();
  }
  EXPECT_GT(inputs, 10 * small_codes());
}

TEST(Minifloat, RandomCasesFrom17Bits) {
  constexpr int kCount = 1000;
  std::uint64_t codes = 0, formats = 0;
  for (const Format& format : floats(17, 32)) {
    Checker checker(format);
    ASSERT_TRUE(checker.random_cases(kCount, 71 + formats)) << checker.mismatch();
    codes += checker.codes();
    ++formats;
  }
  // X 2..8 while Y <= 23.
  EXPECT_EQ(formats, 91U);
  EXPECT_EQ(codes, formats * 2 * kCount);
}

// The hardware is a second oracle for fp32.
TEST(Minifloat, Fp32IsTheMachinesFloat) {
  std::mt19937_64 random(32);
  int visited = 0;
  for (; visited < 200000; ++visited) {
    const auto bits = static_cast<std::uint32_t>(random());
    const float x = std::bit_cast<float>(bits);
    ASSERT_TRUE(same(decode(fp32(), bits), double{x})) << bits;
    ASSERT_TRUE(std::isnan(x) || encode(fp32(), x) == bits) << bits;
    ASSERT_TRUE(same(round_to_float(fp32(), x), x)) << bits;
    const double y = std::bit_cast<double>(random());
    if (std::isnan(y)) continue;
    ASSERT_TRUE(same(formats::round(fp32(), y), double{static_cast<float>(y)})) << y;
  }
  EXPECT_EQ(visited, 200000);
}

struct Extremes {
  int exp_bits, man_bits;
  double max, min_normal, min;
};

// OCP OFP8 v1.0, OCP MX v1.0 section 5.3, IEEE 754-2019 section 3.6.
TEST(Minifloat, ExtremesOfTheDocuments) {
  const Extremes documents[] = {{4, 3, 448, 0x1p-6, 0x1p-9},
                                {5, 2, 57344, 0x1p-14, 0x1p-16},
                                {2, 3, 7.5, 1, 0.125},
                                {3, 2, 28, 0.25, 0.0625},
                                {2, 1, 6, 1, 0.5},
                                {5, 10, 65504, 0x1p-14, 0x1p-24},
                                {8, 7, 0x1.fep127, 0x1p-126, 0x1p-133},
                                {8, 23, 0x1.fffffep127, 0x1p-126, 0x1p-149}};
  for (const Extremes& e : documents) {
    const Traits t = traits(minifloat(e.exp_bits, e.man_bits));
    EXPECT_EQ(t.max, e.max) << e.exp_bits;
    EXPECT_EQ(t.min_normal, e.min_normal) << e.exp_bits;
    EXPECT_EQ(t.min, e.min) << e.exp_bits;
  }
}

TEST(Minifloat, OverflowSaturatesTo8BitsAndIsInfiniteAbove) {
  EXPECT_EQ(round(minifloat(4, 3), 1e9), 448);
  EXPECT_EQ(round(minifloat(4, 3), -kInf), -448);
  EXPECT_EQ(round(minifloat(5, 2), kInf), 57344);
  EXPECT_EQ(round(minifloat(2, 1), kInf), 6);
  EXPECT_EQ(round(fp16(), 65519.999), 65504);
  EXPECT_EQ(round(fp16(), 65520), kInf);
  EXPECT_EQ(round(bf16(), -1e39), -kInf);
  EXPECT_EQ(decode(minifloat(5, 2), 0x7c), kInf);  // the code exists, only encode avoids it
}

TEST(Minifloat, NanWithoutACodeEncodesAsMaxAndStaysNanInRound) {
  for (const Format& format : {minifloat(2, 3), minifloat(3, 2), minifloat(2, 1)}) {
    const double nan = std::nan("");
    EXPECT_EQ(decode(format, encode(format, nan)), traits(format).max);
    EXPECT_TRUE(std::isnan(round(format, nan)));
    EXPECT_TRUE(std::isnan(round_to_float(format, std::nanf(""))));
  }
}

TEST(Minifloat, SignOfZeroIsKept) {
  for (const Format& format : floats(3, 32)) {
    ASSERT_TRUE(same(round(format, -0.0), -0.0)) << name(format);
    ASSERT_TRUE(same(round(format, 0.0), 0.0)) << name(format);
    ASSERT_TRUE(same(round(format, -1e-300), -0.0)) << name(format);
  }
}

// Without mantissa bits no significand is even: IEEE 754-2019, 4.3.1 takes the larger magnitude.
TEST(Minifloat, TieWithoutMantissaBitsGoesAway) {
  EXPECT_EQ(round(minifloat(2, 0), 3.0), 4.0);
  EXPECT_EQ(round(minifloat(2, 0), 1.5), 2.0);
  EXPECT_EQ(round(minifloat(2, 0), 0.5), 0.0);
}

// Codes, values, traits and name of the format itself; only what overflows differs.
TEST(Minifloat, SaturatingVariants) {
  for (const Format& format : floats(3, 16)) {
    const Format made = saturating(format);
    const bool overflows = format.bits > 8;
    EXPECT_EQ(made != format, overflows) << name(format);
    EXPECT_EQ(plain(made), format);
    EXPECT_EQ(name(made), name(format));
    const double max = traits(format).max;
    EXPECT_EQ(traits(made).max, max);
    EXPECT_EQ(traits(made).has_infinity, traits(format).has_infinity);
    for (std::uint32_t code = 0; code < code_count(format); code += format.bits > 12 ? 7 : 1) {
      const double value = decode(format, code);
      EXPECT_TRUE(decode(made, code) == value ||
                  (std::isnan(value) && std::isnan(decode(made, code))));
      if (std::isfinite(value)) {
        ASSERT_EQ(encode(made, value), encode(format, value)) << name(format) << " " << value;
      }
    }
    for (const double beyond : {max * 1.5, max * 1e9, kInf}) {
      EXPECT_EQ(round(made, beyond), max) << name(format);
      EXPECT_EQ(round(made, -beyond), -max) << name(format);
      if (overflows) {
        EXPECT_EQ(round(format, beyond), kInf) << name(format);
      }
    }
    EXPECT_TRUE(std::isnan(round(made, kNan)));
  }
  EXPECT_EQ(saturating(posit(8, 1)), posit(8, 1));
  EXPECT_EQ(saturating(integer(8)), integer(8));
}

}  // namespace
}  // namespace posittune::formats
