#include "posittune/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace posittune::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(RatioStatistic, DividesWeightedSums) {
  const RatioStatistic ratio({1, 2, 6}, {1, 2, 2});
  EXPECT_EQ(value_of(ratio), 9.0 / 5);
  const std::vector<std::uint32_t> times = {2, 0, 1};
  EXPECT_EQ(ratio.value(times), 8.0 / 4);
  const RatioStatistic perplexity({2 * std::log(8.0)}, {2}, [](double x) { return std::exp(x); });
  EXPECT_NEAR(value_of(perplexity), 8, 1e-13);
}

TEST(RatioStatistic, UnitsThatWereNotDrawnDoNotSpoilTheSum) {
  const RatioStatistic ratio({1, kInf, kNaN}, {1, 1, 1});
  const std::vector<std::uint32_t> first = {3, 0, 0};
  EXPECT_EQ(ratio.value(first), 1);
  EXPECT_TRUE(std::isnan(value_of(ratio)));
}

TEST(RatioStatistic, NothingToDivideByIsNaN) {
  EXPECT_TRUE(std::isnan(value_of(RatioStatistic({0, 0}, {0, 0}))));
}

TEST(DrawUnits, DrawsAsManyAsThereAre) {
  std::vector<std::uint32_t> times(37);
  for (std::size_t r = 0; r < 50; ++r) {
    draw_units(1, r, times);
    EXPECT_EQ(std::accumulate(times.begin(), times.end(), 0u), 37u);
  }
}

TEST(DrawUnits, DependsOnSeedAndResample) {
  std::vector<std::uint32_t> a(100), b(100), c(100), again(100);
  draw_units(1, 0, a);
  draw_units(1, 1, b);
  draw_units(2, 0, c);
  draw_units(1, 0, again);
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(a, again);
}

// Multiplicities of 50 units in 2000 resamples: mean 1, variance 1 - 1/50, mean of products 1 -
// 1/50.
TEST(DrawUnits, IsUniform) {
  constexpr std::size_t kUnits = 50, kResamples = 2000;
  std::vector<std::uint32_t> times(kUnits);
  std::vector<double> sum(kUnits);
  double squares = 0, neighbours = 0;
  for (std::size_t r = 0; r < kResamples; ++r) {
    draw_units(7, r, times);
    for (std::size_t u = 0; u < kUnits; ++u) {
      sum[u] += times[u];
      squares += double{1} * times[u] * times[u];
      neighbours += double{1} * times[u] * times[(u + 1) % kUnits];
    }
  }
  // Four and a half standard deviations of a mean of 2000 draws of variance 1.
  for (const double s : sum) EXPECT_NEAR(s / kResamples, 1, 4.5 / std::sqrt(double{kResamples}));
  EXPECT_NEAR(squares / (kUnits * kResamples), 2 - 1.0 / kUnits, 0.03);
  EXPECT_NEAR(neighbours / (kUnits * kResamples), 1 - 1.0 / kUnits, 0.03);
}

TEST(PercentileInterval, InterpolatesOrderStatistics) {
  std::vector<double> hundred(101);
  std::iota(hundred.begin(), hundred.end(), 0.0);
  std::reverse(hundred.begin(), hundred.end());
  const Estimate e = percentile_interval(50, hundred, 0.9);
  EXPECT_EQ(e.value, 50);
  EXPECT_NEAR(e.low, 5, 1e-9);
  EXPECT_NEAR(e.high, 95, 1e-9);
}

TEST(PercentileInterval, LeavesUndefinedReplicatesOutUpToHalf) {
  const Estimate some = percentile_interval(2, {kNaN, 2, 2, kNaN, 2}, 0.95);
  EXPECT_EQ(some.low, 2);
  EXPECT_EQ(some.high, 2);
  const Estimate most = percentile_interval(2, {kNaN, 2, kNaN, kNaN}, 0.95);
  EXPECT_TRUE(std::isnan(most.low) && std::isnan(most.high));
}

TEST(PercentileInterval, UnknownForNaNNoReplicatesOrNoLevel) {
  EXPECT_TRUE(std::isnan(percentile_interval(kNaN, {1, 2, 3}, 0.95).low));
  EXPECT_TRUE(std::isnan(percentile_interval(1, {}, 0.95).low));
  for (const double level : {0.0, 1.0, -1.0, kNaN}) {
    EXPECT_TRUE(std::isnan(percentile_interval(1, {1, 2}, level).high)) << level;
  }
}

TEST(PercentileInterval, InfiniteReplicatesGiveInfiniteEnds) {
  const Estimate e = percentile_interval(kInf, {kInf, kInf, kInf}, 0.95);
  EXPECT_EQ(e.low, kInf);
  EXPECT_EQ(e.high, kInf);
  const Estimate half = percentile_interval(kInf, {1, kInf}, 0.95);
  EXPECT_EQ(half.high, kInf);
}

TEST(Bootstrap, OneUnitHasNoInterval) {
  const Estimate e = bootstrap(RatioStatistic({3}, {2}));
  EXPECT_EQ(e.value, 1.5);
  EXPECT_TRUE(std::isnan(e.low) && std::isnan(e.high));
}

TEST(Bootstrap, ConstantUnitsHaveZeroWidth) {
  const Estimate e = bootstrap(RatioStatistic({2, 4, 6}, {1, 2, 3}));
  EXPECT_EQ(e.low, 2);
  EXPECT_EQ(e.high, 2);
}

TEST(Bootstrap, SameForAnyNumberOfThreads) {
  std::mt19937_64 random(3);
  std::exponential_distribution<double> draw;
  std::vector<double> x(83), n(83, 1.0);
  for (double& v : x) v = draw(random);
  const RatioStatistic mean(x, n);
  const auto one = replicates(mean, {.resamples = 333, .threads = 1});
  EXPECT_EQ(one, replicates(mean, {.resamples = 333, .threads = 2}));
  EXPECT_EQ(one, replicates(mean, {.resamples = 333, .threads = 0}));
  EXPECT_EQ(one.size(), 333u);
}

// Rows of one unit share a part, so an interval that took rows for independent would be too narrow.
struct Clustered {
  std::vector<double> sums, rows;
};
Clustered clustered_units(std::mt19937_64& random, std::size_t units) {
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> length(5, 15);
  Clustered data;
  for (std::size_t u = 0; u < units; ++u) {
    const double shared = 5 + normal(random);
    const int rows = length(random);
    double sum = 0;
    for (int i = 0; i < rows; ++i) sum += shared + normal(random);
    data.sums.push_back(sum);
    data.rows.push_back(rows);
  }
  return data;
}

TEST(Bootstrap, IntervalsCoverTheTruthAboutAsOftenAsTheySay) {
  std::mt19937_64 random(11);
  constexpr int kTrials = 500;
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const Clustered data = clustered_units(random, 60);
    const Estimate e = bootstrap(RatioStatistic(data.sums, data.rows),
                                 {.resamples = 400, .seed = static_cast<std::uint64_t>(trial)});
    covered += e.low <= 5 && 5 <= e.high;
  }
  // 94 % expected of a percentile interval with 60 units; 500 trials have a deviation of 1 %.
  EXPECT_GE(covered, kTrials * 91 / 100);
  EXPECT_LE(covered, kTrials * 98 / 100);
}

TEST(PairedDifference, IsNarrowerThanTheUnpairedOneOnRelatedData) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Clustered a = clustered_units(random, 80);
  std::vector<double> b = a.sums;
  for (std::size_t u = 0; u < b.size(); ++u) b[u] += a.rows[u] * (0.1 + 0.02 * normal(random));
  const RatioStatistic base(a.sums, a.rows), worse(b, a.rows);
  const Estimate paired = paired_difference(worse, base);
  EXPECT_NEAR(paired.value, 0.1, 0.02);
  EXPECT_LT(paired.low, paired.value);
  EXPECT_GT(paired.low, 0.08);
  EXPECT_LT(paired.high, 0.12);
  const Estimate single = bootstrap(base);
  EXPECT_LT(10 * (paired.high - paired.low), single.high - single.low);
}

TEST(PairedDifference, IsZeroOfAStatisticAndItself) {
  const RatioStatistic a({1, 5, 2}, {1, 1, 1});
  const Estimate e = paired_difference(a, a);
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.low, 0);
  EXPECT_EQ(e.high, 0);
}

TEST(PairedDifference, OtherUnitsGiveNoInterval) {
  const Estimate e = paired_difference(RatioStatistic({1, 2}, {1, 1}), RatioStatistic({1}, {1}));
  EXPECT_EQ(e.value, 0.5);
  EXPECT_TRUE(std::isnan(e.low));
}

}  // namespace
}  // namespace posittune::metrics
