#include "posittune/quant/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace posittune::quant {
namespace {

TEST(Summary, ByHand) {
  const Summary s = summarize(std::vector<float>{-3, 1, 1, 5});
  EXPECT_EQ(s.min, -3);
  EXPECT_EQ(s.max, 5);
  EXPECT_DOUBLE_EQ(s.mean, 1);
  EXPECT_DOUBLE_EQ(s.rms, 3);       // sqrt(36 / 4)
  EXPECT_DOUBLE_EQ(s.kurtosis, 2);  // (2 * 4^4 / 4) / ((2 * 4^2 / 4)^2)
}

TEST(Summary, NothingAndEqualValues) {
  const Summary none = summarize({});
  EXPECT_EQ(none.min, 0);
  EXPECT_EQ(none.rms, 0);
  EXPECT_EQ(none.kurtosis, 0);
  const Summary equal = summarize(std::vector<float>(7, -2.5F));
  EXPECT_EQ(equal.min, -2.5F);
  EXPECT_EQ(equal.max, -2.5F);
  EXPECT_DOUBLE_EQ(equal.rms, 2.5);
  EXPECT_EQ(equal.kurtosis, 0);
}

// Squares beyond fp32's range are no problem in double.
TEST(Summary, ExtremeValues) {
  const Summary s = summarize(std::vector<float>{3e38F, -3e38F});
  EXPECT_DOUBLE_EQ(s.rms, double{3e38F});
  EXPECT_DOUBLE_EQ(s.kurtosis, 1);
}

// The standard error of a sample's kurtosis is sqrt(24 / n) for a normal
// distribution: 0.011 here.
TEST(Summary, KurtosisOfKnownDistributions) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(5, 2);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> a(200'000), b(200'000);
  for (float& x : a) x = normal(random);
  for (float& x : b) x = uniform(random);
  EXPECT_NEAR(summarize(a).kurtosis, 3, 0.06);
  EXPECT_NEAR(summarize(b).kurtosis, 1.8, 0.02);
  EXPECT_NEAR(summarize(a).mean, 5, 0.03);
}

}  // namespace
}  // namespace posittune::quant
