// Posits against the oracle, with facts of the standard that can be checked by eye.

#include "posittune/formats/posit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "checker.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

// Both variants, es 0..4, n 2..16: sum of 2^n is 2^17 - 4.
constexpr std::uint64_t kSmallCodes = 2 * 5 * ((1 << 17) - 4);

TEST(Posit, AllCodesBothWaysTo16Bits) {
  std::uint64_t codes = 0;
  for (const Format& format : posits(2, 16)) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_codes()) << checker.mismatch();
    codes += checker.codes();
  }
  EXPECT_EQ(codes, kSmallCodes);
}

TEST(Posit, ValuesBoundariesAndTheirNeighboursTo16Bits) {
  std::uint64_t inputs = 0;
  const auto formats = posits(2, 16);
  for (const Format& format : formats) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_inputs()) << checker.mismatch();
    ASSERT_EQ(checker.inputs(), checker.expected_inputs());
    inputs += checker.inputs();
  }
  // Per format 2^n - 1 values and 2^n - 2 boundaries.
  EXPECT_EQ(formats.size(), 150U);
  EXPECT_EQ(inputs, Checker::kAround * (2 * kSmallCodes - 3 * 150) + Checker::kSpecialInputs * 150);
}

TEST(Posit, RandomCasesFrom17Bits) {
  constexpr int kCount = 1000;
  std::uint64_t codes = 0, formats = 0;
  for (const Format& format : posits(17, 32)) {
    Checker checker(format);
    ASSERT_TRUE(checker.random_cases(kCount, 17 + formats)) << checker.mismatch();
    codes += checker.codes();
    ++formats;
  }
  EXPECT_EQ(formats, 160U);
  EXPECT_EQ(codes, formats * 2 * kCount);
}

// posit<8,2> codes 2^k of the standard's figure, and NaR for what is no real number.
TEST(Posit, KnownValues) {
  EXPECT_EQ(decode(posit(8, 2), 0b0'10'00'000), 1.0);
  EXPECT_EQ(decode(posit(8, 2), 0b0'10'01'100), 3.0);
  EXPECT_EQ(decode(posit(8, 2), 0b0'0000001), 0x1p-24);
  EXPECT_EQ(decode(posit(8, 2), 0b0'1111111), 0x1p24);
  EXPECT_EQ(decode(posit(8, 2), 0b1'10'00'000), -1.0);
  EXPECT_EQ(decode(posit(16, 1), 0x7fff), 0x1p28);
  EXPECT_TRUE(std::isnan(decode(posit(8, 2), 0x80)));
  EXPECT_EQ(encode(posit(8, 2), std::numeric_limits<double>::infinity()), 0x80U);
  EXPECT_EQ(encode(posit(8, 2), std::nan("")), 0x80U);
}

// Between 2^16 and 2^18 the boundary of posit<8,2> is posit<9,2> 2^17, not their mean: a well-known
// surprise of the standard's rule.
TEST(Posit, RoundsOnTheBitString) {
  EXPECT_EQ(round(posit(8, 2), 144179.2), 262144);
  EXPECT_EQ(round(posit(8, 2), 131072), 65536);  // the even code
  EXPECT_EQ(round(posit(8, 2), 131071.9), 65536);
}

TEST(Posit, NeverRoundsToZeroUnlessItFlushes) {
  Format format = posit(8, 0);  // minpos 2^-6
  EXPECT_EQ(encode(format, 1e-300), 0x01U);
  EXPECT_EQ(encode(format, -1e-300), 0xffU);
  format.variant = kPositFlush;
  EXPECT_EQ(encode(format, std::nextafter(0x1p-7, 0.0)), 0x00U);
  EXPECT_EQ(encode(format, 0x1p-7), 0x01U);
  EXPECT_EQ(encode(format, -std::nextafter(0x1p-7, 0.0)), 0x00U);
}

// posit<16,4> reaches 2^224; fp32 stops before 2^128.
TEST(Posit, RoundToFloatStaysFiniteAndNonzero) {
  const float high = std::numeric_limits<float>::max();
  const float low = std::numeric_limits<float>::denorm_min();
  for (const Format& format : posits(2, 32)) {
    const std::string what = name(format);
    ASSERT_TRUE(std::isfinite(round_to_float(format, high))) << what;
    ASSERT_TRUE(std::isfinite(round_to_float(format, -high))) << what;
    if (format.variant == kPositFlush && traits(format).min > 2 * double{low}) continue;
    ASSERT_GT(round_to_float(format, low), 0.0F) << what;
    ASSERT_LT(round_to_float(format, -low), 0.0F) << what;
  }
}

TEST(Posit, FloatRangeIsTheOraclesRange) {
  for (const Format& format : posits(2, 32)) {
    const auto want = oracle::float_range(*model_of(format));
    const FloatRange got = float_range(format);
    ASSERT_EQ(got.low, want.low) << name(format);
    ASSERT_EQ(got.high, want.high) << name(format);
  }
}

TEST(Posit, DecodeIgnoresBitsAboveTheCode) {
  for (const std::uint32_t junk : {0x100U, 0xabcdef00U, 0xffffff00U}) {
    for (std::uint32_t code = 0; code < 256; ++code) {
      const Format format = posit(8, 1);
      ASSERT_TRUE(same(decode(format, junk | code), decode(format, code))) << junk << " " << code;
    }
  }
}

TEST(Posit, MaxExponent) {
  for (const Format& format : posits(2, 32)) {
    const auto model = model_of(format);
    const auto maxpos = model->value(model->code_at(model->last())).number;
    EXPECT_EQ(posit_max_exponent(format), maxpos.floor_log2()) << name(format);
  }
}

}  // namespace
}  // namespace posittune::formats
