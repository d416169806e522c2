#include "posittune/engine/input_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

TEST(InputStatistics, DoesNotDependOnBatchSizes) {
  constexpr std::size_t kCols = 7, kRows = 3001;
  const auto data = test::normal(kCols * kRows, 2, 1);
  const InputStatistics whole = test::statistics_of(data, kCols, kRows);
  for (const std::size_t rows : {1, 13, 100, 3000}) {
    const InputStatistics parts = test::statistics_of(data, kCols, rows, 3);
    EXPECT_EQ(parts.total().count, whole.total().count);
    EXPECT_EQ(parts.total().absmax, whole.total().absmax);
    // Sums in double, in another order.
    EXPECT_NEAR(parts.total().sum_squares / whole.total().sum_squares, 1, 1e-12);
    for (std::size_t c = 0; c < kCols; ++c)
      EXPECT_NEAR(parts.mean_squares()[c], whole.mean_squares()[c], 1e-6);
    EXPECT_TRUE(std::equal(parts.sample().begin(), parts.sample().end(), whole.sample().begin(),
                           whole.sample().end()));
    std::vector<float> a(parts.largest().begin(), parts.largest().end()),
        b(whole.largest().begin(), whole.largest().end());
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    EXPECT_EQ(a, b);
    EXPECT_EQ(parts.largest_from(), whole.largest_from());
  }
}

// Token i holds i: the sample is every 2^k-th from the first on, at most 256 of
// them.
TEST(InputStatistics, TheSampleIsOfWholeTokensAndFair) {
  for (const std::size_t rows : {1UL, 255UL, 256UL, 257UL, 512UL, 513UL, 5000UL}) {
    std::vector<float> data(2 * rows);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i / 2);
    const InputStatistics statistics = test::statistics_of(data, 2, 17);
    ASSERT_EQ(statistics.sample_shape().rows, std::min<std::size_t>(rows, 256)) << rows;
    std::set<float> seen;
    for (std::size_t i = 0; i < statistics.sample_shape().rows; ++i) {
      EXPECT_EQ(statistics.sample()[2 * i], statistics.sample()[2 * i + 1]);
      EXPECT_TRUE(seen.insert(statistics.sample()[2 * i]).second) << "a token twice";
    }
  }
  // First tokens of rows of 256 are one in 256: of 256 drawn, 1 is expected, and 8 or more have
  // odds of 1e-5.
  std::vector<float> data(256 * 256);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = i % 256 == 0 ? 1.0F : 0.0F;
  const InputStatistics statistics = test::statistics_of(data, 1, 999);
  EXPECT_LT(std::count(statistics.sample().begin(), statistics.sample().end(), 1.0F), 8);
}

// Images so large that one fills the sample: one of them is it.
TEST(InputStatistics, OneLargeImageIsTheSample) {
  constexpr std::size_t kCols = (1U << 18) + 5;
  InputStatistics statistics;
  for (int i = 0; i < 3; ++i) {
    const std::vector<float> image(kCols, static_cast<float>(i + 1));
    ASSERT_TRUE(statistics.add(image, {1, kCols}, {kCols}, 2).ok());
  }
  ASSERT_EQ(statistics.sample_shape().rows, 1u);
  for (const float value : statistics.sample()) ASSERT_EQ(value, statistics.sample()[0]);
}

TEST(InputStatistics, MeanSquaresOfChannels) {
  const InputStatistics tokens = test::statistics_of({1, 2, 3, 3, -4, 5}, 3, 1);
  EXPECT_EQ(tokens.mean_squares(), (std::vector<float>{5, 10, 17}));
  EXPECT_EQ(tokens.token(), ov::Shape{3});
  InputStatistics images;  // two images of two channels of 1 x 2
  const std::vector<float> x = {1, 1, 2, 4, 3, 1, 0, 2};
  ASSERT_TRUE(images.add(x, {2, 4}, {2, 1, 2}, 2).ok());
  EXPECT_EQ(images.mean_squares(), (std::vector<float>{3, 6}));
  // An image of another size counts by its positions.
  const std::vector<float> wide = {5, 5, 5, 1, 1, 1};
  ASSERT_TRUE(images.add(wide, {1, 6}, {2, 1, 3}, 2).ok());
  EXPECT_EQ(images.mean_squares(), (std::vector<float>{87.0F / 7, 27.0F / 7}));
  EXPECT_EQ(images.sample_shape().rows, 2u);
}

TEST(InputStatistics, NothingSeen) {
  InputStatistics statistics;
  EXPECT_TRUE(statistics.empty());
  ASSERT_TRUE(statistics.add({}, {0, 4}, {4}, 1).ok());
  EXPECT_TRUE(statistics.empty());
  EXPECT_TRUE(statistics.mean_squares().empty());
  EXPECT_EQ(statistics.sample_shape().rows, 0u);
}

// The largest are exactly those above the threshold, of all data.
TEST(InputStatistics, LargestValues) {
  const auto data = test::normal(50'000, 1, 9);
  const InputStatistics statistics = test::statistics_of(data, 10, 333);
  ASSERT_LE(statistics.largest().size(), InputStatistics::kLargest);
  ASSERT_GT(statistics.largest().size(), InputStatistics::kLargest / 2);
  const auto above = std::count_if(
      data.begin(), data.end(), [&](float x) { return std::fabs(x) > statistics.largest_from(); });
  EXPECT_EQ(static_cast<std::size_t>(above), statistics.largest().size());
}

// Nothing of such a batch is kept.
TEST(InputStatistics, ValuesThatNoScaleFitsAreRefused) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -2e15F}) {
    InputStatistics statistics;
    const Status seen = statistics.add(std::vector<float>{1, 2, 3, bad, 5, 6}, {3, 2}, {2}, 1);
    ASSERT_FALSE(seen.ok()) << bad;
    EXPECT_EQ(seen.error().kind, ErrorKind::kInput);
    EXPECT_NE(seen.error().found.find("position 3"), std::string::npos) << seen.error().message();
    EXPECT_TRUE(statistics.empty());
  }
  InputStatistics statistics;
  EXPECT_TRUE(statistics.add(std::vector<float>{1e15F, -1e15F}, {1, 2}, {2}, 1).ok());
}

// Token i holds i.
TEST(InputStatistics, BlocksOfTokensAreHeldOut) {
  std::vector<float> data(1000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const InputStatistics few = test::statistics_of({data.begin(), data.begin() + 64}, 1, 7);
  EXPECT_TRUE(few.holdout_sample().empty() && few.fit_sample().empty());
  const InputStatistics statistics = test::statistics_of(data, 1, 17);
  EXPECT_EQ(statistics.holdout_sample().size(), 4 * 64U);
  for (const float value : statistics.holdout_sample())
    EXPECT_EQ(static_cast<int>(value) / 64 % 4, 1) << value;
  EXPECT_GT(statistics.fit_sample().size(), 150U);
  for (const float value : statistics.fit_sample())
    EXPECT_NE(static_cast<int>(value) / 64 % 4, 1) << value;
}

TEST(InputStatistics, EverySecondImageIsHeldOut) {
  InputStatistics statistics;
  for (int i = 0; i < 5; ++i) {
    const std::vector<float> image(12, static_cast<float>(i));
    ASSERT_TRUE(statistics.add(image, {1, 12}, {3, 2, 2}, 1).ok());
  }
  EXPECT_EQ(statistics.holdout_sample().size(), 24U);
  EXPECT_EQ(statistics.fit_sample().size(), 36U);
  EXPECT_EQ(statistics.holdout_sample()[0], 1);
  EXPECT_EQ(statistics.fit_sample()[0], 0);
}

}  // namespace
}  // namespace posittune::engine
