// Symmetric integers against the oracle.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "checker.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

TEST(Integer, AllCodesBothWays) {
  std::uint64_t codes = 0;
  for (const Format& format : integers()) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_codes()) << checker.mismatch();
    codes += checker.codes();
  }
  EXPECT_EQ(codes, (1U << 17) - 4);
}

TEST(Integer, ValuesBoundariesAndTheirNeighbours) {
  std::uint64_t inputs = 0;
  for (const Format& format : integers()) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_inputs()) << checker.mismatch();
    inputs += checker.inputs();
  }
  // 15 formats, each with 2^n - 1 values and 2^n - 2 boundaries.
  EXPECT_EQ(inputs,
            Checker::kAround * (2 * ((1U << 17) - 4) - 3 * 15) + Checker::kSpecialInputs * 15);
}

// A unit of 2^-(n-2); only n = 8 is in a document, the code knows all.
TEST(Integer, FractionsBothWays) {
  std::uint64_t codes = 0;
  for (Format format : integers()) {
    format.variant = kIntFraction;
    Checker checker(format);
    ASSERT_TRUE(checker.all_codes() && checker.all_inputs()) << checker.mismatch();
    codes += checker.codes();
  }
  EXPECT_EQ(codes, (1U << 17) - 4);
}

TEST(Integer, TiesGoToEvenAndTheRangeIsSymmetric) {
  const Format int8 = integer(8);
  EXPECT_EQ(round(int8, 0.5), 0);
  EXPECT_EQ(round(int8, 1.5), 2);
  EXPECT_EQ(round(int8, -2.5), -2);
  EXPECT_EQ(round(int8, 127.5), 127);
  EXPECT_EQ(round(int8, -1e30), -127);
  EXPECT_EQ(encode(int8, -127), 0x81U);
  EXPECT_EQ(encode(int8, -std::numeric_limits<double>::infinity()), 0x81U);
}

TEST(Integer, TheUnusedCodeIsNan) {
  EXPECT_EQ(encode(integer(8), std::nan("")), 0x80U);
  EXPECT_TRUE(std::isnan(decode(integer(8), 0x80)));
  EXPECT_TRUE(std::isnan(round(integer(4), std::nan(""))));
}

TEST(Integer, ZeroHasNoSign) {
  EXPECT_TRUE(same(round(integer(8), -0.0), 0.0));
  EXPECT_TRUE(same(round(integer(8), -0.25), 0.0));
}

}  // namespace
}  // namespace posittune::formats
