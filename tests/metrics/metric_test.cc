#include "posittune/metrics/metric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posittune::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

MetricSamples samples(std::string name, Direction direction, std::vector<double> sums) {
  const std::vector<double> ones(sums.size(), 1.0);
  return {{std::move(name), direction, ""}, std::make_shared<RatioStatistic>(sums, ones)};
}

std::vector<Measured> accuracy(std::vector<double> sums, const BootstrapOptions& options = {}) {
  return measure_all({samples("accuracy", Direction::kHigherIsBetter, std::move(sums))}, options);
}

TEST(Measure, HasTheBootstrapsInterval) {
  const auto one = samples("kl", Direction::kLowerIsBetter, {1, 2, 3, 4});
  const Measured measured = measure(one);
  const Estimate direct = bootstrap(*one.statistic);
  EXPECT_EQ(measured.estimate.value, 2.5);
  EXPECT_EQ(measured.estimate.low, direct.low);
  EXPECT_EQ(measured.estimate.high, direct.high);
  EXPECT_EQ(measured.units, 4u);
}

TEST(Compare, DifferenceIsPaired) {
  const auto fp32 = accuracy({0.1, 0.9, 0.5, 0.7}), format = accuracy({0.0, 0.8, 0.4, 0.6});
  const auto result = compare(fp32, format);
  ASSERT_TRUE(result.ok());
  const Comparison& row = result->front();
  EXPECT_NEAR(row.difference.value, -0.1, 1e-12);
  EXPECT_NEAR(row.difference.low, -0.1, 1e-12);
  EXPECT_NEAR(row.difference.high, -0.1, 1e-12);
  EXPECT_LT(row.estimate.low, row.estimate.high);
  EXPECT_FALSE(row.better_than_fp32);
}

TEST(Compare, FlagsBetterThanFp32InEitherDirection) {
  const auto better = [](Direction direction, double fp32, double format) {
    const auto result = compare(measure_all({samples("m", direction, {fp32, fp32})}),
                                measure_all({samples("m", direction, {format, format})}));
    return result->front().better_than_fp32;
  };
  EXPECT_TRUE(better(Direction::kHigherIsBetter, 0.5, 0.6));
  EXPECT_FALSE(better(Direction::kHigherIsBetter, 0.5, 0.5));
  EXPECT_TRUE(better(Direction::kLowerIsBetter, 0.5, 0.4));
  EXPECT_FALSE(better(Direction::kLowerIsBetter, 0.5, 0.6));
  EXPECT_FALSE(better(Direction::kHigherIsBetter, 0.5, std::nan("")));
}

TEST(Compare, Fp32WithItselfIsZero) {
  const auto fp32 = accuracy({0.1, 0.9, 0.5});
  const auto result = compare(fp32, fp32);
  EXPECT_EQ(result->front().difference.value, 0);
  EXPECT_EQ(result->front().difference.low, 0);
  EXPECT_EQ(result->front().difference.high, 0);
}

TEST(Compare, NotKnownWhereInfinitiesMeet) {
  const auto infinite = accuracy({kInf, kInf});
  const auto result = compare(infinite, infinite);
  EXPECT_EQ(result->front().estimate.low, kInf);
  EXPECT_TRUE(std::isnan(result->front().difference.value));
}

TEST(Compare, OneUnitHasNoIntervals) {
  const auto result = compare(accuracy({0.5}), accuracy({0.25}));
  EXPECT_EQ(result->front().difference.value, -0.25);
  EXPECT_TRUE(std::isnan(result->front().difference.low));
  EXPECT_TRUE(std::isnan(result->front().estimate.low));
}

TEST(Compare, RefusesWhatWasNotMeasuredAlike) {
  const auto fp32 = accuracy({0.1, 0.9, 0.5});
  for (const auto& other :
       {accuracy({0.1, 0.9}), accuracy({0.1, 0.9, 0.5}, {.seed = 2}),
        accuracy({0.1, 0.9, 0.5}, {.resamples = 10}), accuracy({0.1, 0.9, 0.5}, {.level = 0.9})}) {
    const auto result = compare(fp32, other);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::kInternal);
    EXPECT_EQ(result.error().where, "accuracy");
  }
  EXPECT_FALSE(compare({}, fp32).ok());
}

}  // namespace
}  // namespace posittune::metrics
