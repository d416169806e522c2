#include "posittune/sensitivity/agreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace posittune::sensitivity {
namespace {

using Scores = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

// Sums of fewer than ten terms of size one: a few units in the last place.
constexpr double kRounding = 1e-14;

// The oracles of the first three: scipy 1.17 stats.spearmanr, stats.linregress(log, log).rvalue**2,
// numpy.median.
TEST(Agreement, AsScipy) {
  const auto record = agreement(Scores{0.5, 3, 0.02, 7, 1.25, 40, 0.3, 11},
                                Scores{0.7, 2, 0.05, 30, 4, 25, 0.9, 9});
  EXPECT_EQ(record.pairs, 8U);
  EXPECT_NEAR(record.spearman, 0.880952380952381, kRounding);
  EXPECT_NEAR(record.r2_log, 0.900256714426432, kRounding);
  EXPECT_NEAR(record.ratio, 1.95, kRounding);
  EXPECT_EQ(record.tier + record.reference + record.what, "");
}

TEST(Agreement, EqualScoresShareTheirRank) {
  const auto record = agreement(Scores{1, 2, 2, 3, 3, 3, 5, 8}, Scores{2, 1, 4, 4, 4, 9, 9, 7});
  EXPECT_EQ(record.pairs, 8U);
  EXPECT_NEAR(record.spearman, 0.7721518987341773, kRounding);
  EXPECT_NEAR(record.r2_log, 0.4763843550299696, kRounding);
  EXPECT_NEAR(record.ratio, 1.5666666666666667, kRounding);
}

// Ranks have a place for what is not positive, logarithms do not.
TEST(Agreement, WhatIsNotPositiveCountsInRanksOnly) {
  const auto record =
      agreement(Scores{0.5, -3, 0, 7, 1.25, 40, 0.3, 11}, Scores{0.7, 2, 0.05, 30, -4, 25, 0.9, 9});
  EXPECT_EQ(record.pairs, 8U);
  EXPECT_NEAR(record.spearman, 0.523809523809524, kRounding);
  EXPECT_NEAR(record.r2_log, 0.8492962003449389, kRounding);
  EXPECT_NEAR(record.ratio, 1.4, kRounding);
}

// By hand: 1 - 6 sum(d^2) / (n (n^2 - 1)) with d = 1, 3, 2, 0, 2 is 1 - 6 * 18 / 120.
TEST(Agreement, RanksByHand) {
  const auto record = agreement(Scores{4, 1, 3, 2, 5}, Scores{5, 4, 1, 2, 3});
  EXPECT_NEAR(record.spearman, 0.1, kRounding);
  EXPECT_EQ(record.ratio, 1);
}

TEST(Agreement, PowerLaw) {
  const auto square = agreement(Scores{4, 1, 2}, Scores{48, 3, 12});
  EXPECT_EQ(square.spearman, 1);
  EXPECT_NEAR(square.r2_log, 1, kRounding);
  EXPECT_EQ(square.ratio, 6);
  const auto inverse = agreement(Scores{1, 2, 4, 8}, Scores{8, 4, 2, 1});
  EXPECT_EQ(inverse.spearman, -1);
  EXPECT_NEAR(inverse.r2_log, 1, kRounding);
  EXPECT_EQ(inverse.ratio, 1.25);  // of 8, 2, 1/2, 1/8
}

TEST(Agreement, PairsThatAreNotFiniteAreLeftOut) {
  const auto record =
      agreement(Scores{kNaN, 4, 1, kInfinity, 3, 2, 7, 5}, Scores{1, 5, 4, 1, 1, 2, -kInfinity, 3});
  const auto without = agreement(Scores{4, 1, 3, 2, 5}, Scores{5, 4, 1, 2, 3});
  EXPECT_EQ(record.pairs, 5U);
  EXPECT_EQ(record, without);
}

TEST(Agreement, FewerThanThreePairs) {
  for (const Scores& scores : {Scores{}, Scores{1}, Scores{1, 2}, Scores{1, 2, kNaN}}) {
    const auto record = agreement(scores, scores);
    EXPECT_EQ(record.pairs, scores.size() < 3 ? scores.size() : 2U);
    EXPECT_TRUE(std::isnan(record.spearman));
    EXPECT_TRUE(std::isnan(record.r2_log));
    EXPECT_TRUE(std::isnan(record.ratio));
  }
  const auto two_positive = agreement(Scores{1, 2, 0, -1}, Scores{1, 2, 0, -1});
  EXPECT_EQ(two_positive.pairs, 4U);
  EXPECT_EQ(two_positive.spearman, 1);
  EXPECT_TRUE(std::isnan(two_positive.r2_log));
  EXPECT_TRUE(std::isnan(two_positive.ratio));
}

TEST(Agreement, ConstantScores) {
  const Scores constant(4, 0.1), rising{1, 2, 3, 4};
  for (const auto& record : {agreement(constant, rising), agreement(rising, constant)}) {
    EXPECT_EQ(record.pairs, 4U);
    EXPECT_TRUE(std::isnan(record.spearman));
    EXPECT_TRUE(std::isnan(record.r2_log));
  }
  EXPECT_NEAR(agreement(constant, rising).ratio, 25, 25 * kRounding);
}

TEST(Agreement, OneSideIsLonger) {
  EXPECT_EQ(agreement(Scores{1, 2, 3, 9}, Scores{2, 1, 3}),
            agreement(Scores{1, 2, 3}, Scores{2, 1, 3}));
}

TEST(Agreement, ExtremesDoNotOverflow) {
  const auto record = agreement(Scores{5e-324, 1e300, 1, 1e-300}, Scores{1e-310, 1.7e308, 2, 1});
  EXPECT_EQ(record.spearman, 1);
  EXPECT_TRUE(record.r2_log > 0 && record.r2_log < 1);
  EXPECT_TRUE(record.ratio > 0);
}

}  // namespace
}  // namespace posittune::sensitivity
