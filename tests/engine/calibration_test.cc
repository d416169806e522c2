#include "posittune/engine/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ScaleRule;

// `data` in batches of `rows` tokens.
InputStatistics collect(const std::vector<float>& data, std::size_t cols, std::size_t rows,
                        int threads = 2) {
  InputStatistics statistics;
  for (std::size_t first = 0; first < data.size(); first += rows * cols) {
    const std::size_t count = std::min(rows * cols, data.size() - first);
    const Status added = statistics.add(std::span(data).subspan(first, count), {count / cols, cols},
                                        {cols}, threads);
    EXPECT_TRUE(added.ok());
  }
  return statistics;
}

TEST(Calibration, DoesNotDependOnBatchSizes) {
  constexpr std::size_t kCols = 7, kRows = 3001;
  const auto data = test::normal(kCols * kRows, 2, 1);
  const InputStatistics whole = collect(data, kCols, kRows);
  for (const std::size_t rows : {1, 13, 100, 3000}) {
    const InputStatistics parts = collect(data, kCols, rows, 3);
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
TEST(Calibration, TheSampleIsOfWholeTokensAndFair) {
  for (const std::size_t rows : {1UL, 255UL, 256UL, 257UL, 512UL, 513UL, 5000UL}) {
    std::vector<float> data(2 * rows);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i / 2);
    const InputStatistics statistics = collect(data, 2, 17);
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
  const InputStatistics statistics = collect(data, 1, 999);
  EXPECT_LT(std::count(statistics.sample().begin(), statistics.sample().end(), 1.0F), 8);
}

// Images so large that one fills the sample: one of them is it.
TEST(Calibration, OneLargeImageIsTheSample) {
  constexpr std::size_t kCols = (1U << 18) + 5;
  InputStatistics statistics;
  for (int i = 0; i < 3; ++i) {
    const std::vector<float> image(kCols, static_cast<float>(i + 1));
    ASSERT_TRUE(statistics.add(image, {1, kCols}, {kCols}, 2).ok());
  }
  ASSERT_EQ(statistics.sample_shape().rows, 1u);
  for (const float value : statistics.sample()) ASSERT_EQ(value, statistics.sample()[0]);
}

TEST(Calibration, MeanSquaresOfChannels) {
  const InputStatistics tokens = collect({1, 2, 3, 3, -4, 5}, 3, 1);
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

TEST(Calibration, NothingSeen) {
  InputStatistics statistics;
  EXPECT_TRUE(statistics.empty());
  ASSERT_TRUE(statistics.add({}, {0, 4}, {4}, 1).ok());
  EXPECT_TRUE(statistics.empty());
  EXPECT_TRUE(statistics.mean_squares().empty());
  EXPECT_EQ(statistics.sample_shape().rows, 0u);
}

// The largest are exactly those above the threshold, of all data.
TEST(Calibration, LargestValues) {
  const auto data = test::normal(50'000, 1, 9);
  const InputStatistics statistics = collect(data, 10, 333);
  ASSERT_LE(statistics.largest().size(), InputStatistics::kLargest);
  ASSERT_GT(statistics.largest().size(), InputStatistics::kLargest / 2);
  const auto above = std::count_if(
      data.begin(), data.end(), [&](float x) { return std::fabs(x) > statistics.largest_from(); });
  EXPECT_EQ(static_cast<std::size_t>(above), statistics.largest().size());
}

TEST(Calibration, StaticScalesAreThoseOfTheRule) {
  constexpr std::size_t kCols = 20, kRows = 200;  // all of it is in the sample
  const auto data = test::normal(kCols * kRows, 0.7F, 4);
  const InputStatistics statistics = collect(data, kCols, 16);
  for (const char* name : {"posit<8,1>", "posit<6,1>", "int8", "int4", "fp8_e4m3", "mxfp4"}) {
    for (const ScaleRule rule : {ScaleRule::kNone, ScaleRule::kAbsmax, ScaleRule::kRmsPow2,
                                 ScaleRule::kMeanPow2, ScaleRule::kMsePow2, ScaleRule::kMse}) {
      const auto setting = test::activation_setting(name, rule);
      EXPECT_EQ(static_scale(setting, statistics, 2).value(),
                quant::choose_scales(setting.format, rule, data, {kRows, kCols}, false)->front())
          << name << " " << quant::name(rule);
    }
  }
}

// Of more data than the sample holds, the searched scale is nearly as good as
// that of all data.
TEST(Calibration, SampledScalesAreNearlyAsGood) {
  constexpr std::size_t kCols = 16, kRows = 20'000;
  auto data = test::normal(kCols * kRows, 1, 5);
  for (std::size_t i = 100; i < data.size(); i += 9973)
    data[i] *= 12;  // outliers, most of them outside the sample
  const InputStatistics statistics = collect(data, kCols, 64);
  for (const char* name : {"int8", "int4", "posit<6,1>"}) {
    const auto setting = test::activation_setting(name, ScaleRule::kMse);
    const auto error = [&](float scale) {
      double sum = 0;
      for (const float x : data)
        sum += std::pow(double{test::quantized(setting.format, x, scale)} - x, 2);
      return sum;
    };
    const float sampled = static_scale(setting, statistics, 2).value();
    const float best =
        quant::choose_scales(setting.format, setting.rule, data, {1, data.size()}, false)->front();
    EXPECT_LE(error(sampled), error(best) * 1.02) << name;
  }
}

TEST(Calibration, OutputScaleTakesTheLeastError) {
  const InputStatistics statistics = collect(test::normal(1000, 1, 6), 10, 10);
  const auto setting =
      test::activation_setting("posit<8,1>", ScaleRule::kMsePow2, quant::ActivationScale::kOutput);
  // An error that is least at 8.
  const auto error = [](const ActivationQuantizer& candidate) -> Result<double> {
    return std::pow(std::log2(candidate.scale) - 3, 2);
  };
  EXPECT_EQ(output_scale(setting, statistics, error).value(), 8);
  const auto fails = [](const ActivationQuantizer&) -> Result<double> {
    return Error{.kind = ErrorKind::kResource, .what = "no memory"};
  };
  EXPECT_EQ(output_scale(setting, statistics, fails).error().kind, ErrorKind::kResource);
}

// Nothing of such a batch is kept.
TEST(Calibration, ValuesThatNoScaleFitsAreRefused) {
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

// Beyond its window the search goes on as long as the last power is the best.
TEST(Calibration, OutputScaleLeavesItsWindow) {
  const InputStatistics statistics = collect(test::normal(1000, 1, 6), 10, 10);
  const auto setting =
      test::activation_setting("int8", ScaleRule::kMsePow2, quant::ActivationScale::kOutput);
  for (const double best : {-12.0, 20.0}) {
    const auto error = [best](const ActivationQuantizer& candidate) -> Result<double> {
      return std::pow(std::log2(candidate.scale) - best, 2);
    };
    EXPECT_EQ(output_scale(setting, statistics, error).value(), std::exp2(best));
  }
}

// Token i holds i.
TEST(Calibration, BlocksOfTokensAreKeptApart) {
  std::vector<float> data(1000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const InputStatistics few = collect({data.begin(), data.begin() + 64}, 1, 7);
  EXPECT_TRUE(few.held_sample().empty() && few.fit_sample().empty());
  const InputStatistics statistics = collect(data, 1, 17);
  EXPECT_EQ(statistics.held_sample().size(), 4 * 64U);
  for (const float value : statistics.held_sample())
    EXPECT_EQ(static_cast<int>(value) / 64 % 4, 1) << value;
  EXPECT_GT(statistics.fit_sample().size(), 150U);
  for (const float value : statistics.fit_sample())
    EXPECT_NE(static_cast<int>(value) / 64 % 4, 1) << value;
}

TEST(Calibration, EverySecondImageIsKeptApart) {
  InputStatistics statistics;
  for (int i = 0; i < 5; ++i) {
    const std::vector<float> image(12, static_cast<float>(i));
    ASSERT_TRUE(statistics.add(image, {1, 12}, {3, 2, 2}, 1).ok());
  }
  EXPECT_EQ(statistics.held_sample().size(), 24U);
  EXPECT_EQ(statistics.fit_sample().size(), 36U);
  EXPECT_EQ(statistics.held_sample()[0], 1);
  EXPECT_EQ(statistics.fit_sample()[0], 0);
}

TEST(Calibration, SurelyLess) {
  using Errors = std::vector<double>;
  EXPECT_TRUE(surely_less(Errors{1, 2, 3}, Errors{2, 3, 4}));
  EXPECT_FALSE(surely_less(Errors{1, 2, 3}, Errors{1, 2, 3}));
  EXPECT_FALSE(surely_less(Errors{1}, Errors{2}));        // one tells nothing
  EXPECT_FALSE(surely_less(Errors{1, 9}, Errors{5, 6}));  // noise
  EXPECT_FALSE(surely_less(Errors{1, 1, 1, 99}, Errors{2, 2, 2, 2}));
  EXPECT_FALSE(surely_less(Errors{1, NAN}, Errors{2, 2}));
}

}  // namespace
}  // namespace posittune::engine
