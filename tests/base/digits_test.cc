#include "posittune/base/digits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace posittune {
namespace {

TEST(Digits, TheShortestThatReadsBack) {
  EXPECT_EQ(digits(0.1), "0.1");
  EXPECT_EQ(digits(0.1f), "0.1");
  EXPECT_EQ(digits(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(digits(1.0f / 3), "0.33333334");
  EXPECT_EQ(digits(-0.0), "-0");
  EXPECT_EQ(digits(16777216.0f), "16777216");
  EXPECT_EQ(digits(1e300), "1e+300");
  EXPECT_EQ(digits(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(digits(INFINITY), "inf");
}

TEST(Digits, AnyNumberReadsBack) {
  std::mt19937_64 generator(1);
  for (int i = 0; i < 1000; ++i) {
    const double x = std::ldexp(static_cast<double>(generator()), static_cast<int>(i) - 500);
    EXPECT_EQ(std::stod(digits(x)), x);
  }
}

}  // namespace
}  // namespace posittune
