// OCP MX: the elements' codec and the shared exponent.

#include "posittune/formats/block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "checker.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

TEST(Block, ElementsBothWaysOnTheElementGrid) {
  std::uint64_t codes = 0;
  for (const Format& format : blocks()) {
    Checker checker(format);
    ASSERT_TRUE(checker.all_codes() && checker.all_inputs()) << checker.mismatch();
    ASSERT_EQ(checker.inputs(), checker.expected_inputs());
    codes += checker.codes();
  }
  EXPECT_EQ(codes, 3U * 256 + 2 * 64 + 16);
}

TEST(Block, ElementIsTheFormatWithoutItsBlock) {
  for (const Format& format : blocks()) {
    EXPECT_EQ(format.block, 32);
    EXPECT_EQ(element(format).block, 0);
    EXPECT_EQ(mx(element(format)), format);
    EXPECT_EQ(element(element(format)), element(format));
  }
}

TEST(Block, SharedExponentOfEveryBinadeAndItsEdges) {
  int visited = 0;
  for (const Format& format : blocks()) {
    const auto model = model_of(format);
    for (int exponent = -149; exponent <= 127; ++exponent) {
      const float power = std::ldexp(1.0F, exponent);
      for (const float x : {std::nextafter(power, 0.0F), power, std::nextafter(power, 3e38F)}) {
        ASSERT_EQ(shared_exponent(format, x), oracle::shared_exponent(*model, x))
            << name(format) << " absmax " << x;
        ++visited;
      }
    }
    const float max = std::numeric_limits<float>::max();
    ASSERT_EQ(shared_exponent(format, max), oracle::shared_exponent(*model, max));
  }
  EXPECT_EQ(visited, 6 * 277 * 3);
}

// Exponents of the largest numbers 448, 57344, 7.5, 28, 6 and 1 63/64 of OCP MX v1.0 section 5.3.
TEST(Block, SharedExponentKnown) {
  const int emax[] = {8, 15, 2, 4, 2, 0};
  const auto formats = blocks();
  for (std::size_t i = 0; i < formats.size(); ++i) {
    EXPECT_EQ(shared_exponent(formats[i], 1.0F), -emax[i]) << name(formats[i]);
    EXPECT_EQ(shared_exponent(formats[i], 0.0F), -127) << name(formats[i]);
  }
}

// After the shared scale the largest element is in the top binade: at most once too large, and then
// it saturates.
TEST(Block, ScaledMaximumFillsTheElement) {
  for (const Format& format : blocks()) {
    const double max = traits(format).max;
    for (const float x : {1.0F, 1.99F, 3.7F, 1e-20F, 1e20F, 448.0F}) {
      const double scaled = std::ldexp(double{x}, -shared_exponent(format, x));
      EXPECT_GT(2 * scaled, max) << name(format) << " " << x;
      EXPECT_LT(scaled, 2 * max) << name(format) << " " << x;
    }
  }
}

TEST(Block, E8m0RoundTrip) {
  for (int exponent = -127; exponent <= 127; ++exponent) {
    const std::uint8_t code = encode_e8m0(exponent);
    EXPECT_EQ(code, exponent + 127);
    EXPECT_EQ(decode_e8m0(code), exponent);
  }
}

}  // namespace
}  // namespace posittune::formats
