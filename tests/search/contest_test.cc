#include "posittune/search/contest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posittune::search {
namespace {

using Numbers = std::vector<double>;
const double kNan = std::nan("");

TEST(Contest, ChoicesThatKeepToAllBudgets) {
  const Groups groups = {{{.loss = 0, .costs = {1, 5}}, {.loss = 0, .costs = {2, 1}}},
                         {{.loss = 0, .costs = {3, 3}}}};
  EXPECT_TRUE(fits(groups, {0, 0}, Numbers{4, 8}));
  EXPECT_TRUE(fits(groups, {0, 0}, Numbers{4 * (1 - 1e-13), 8}));  // rounding of sums
  EXPECT_FALSE(fits(groups, {1, 0}, Numbers{4, 8}));
  EXPECT_FALSE(fits(groups, {0, 0}, Numbers{4, 7.9}));
  EXPECT_TRUE(fits(groups, {1, 0}, Numbers{std::numeric_limits<double>::infinity(), 4}));
}

TEST(Contest, TheLeastMeasuredLossWins) {
  EXPECT_EQ(winner(Numbers{2.84, 0.32, 1}), 1U);
  EXPECT_EQ(winner(Numbers{1, 1}), 0U);
  EXPECT_EQ(winner(Numbers{kNan, 7}), 1U);
  EXPECT_EQ(winner(Numbers{7, kNan}), 0U);
  EXPECT_EQ(winner(Numbers{kNan}), 0U);
}

// More entrants never end worse.
TEST(Contest, MoreEntrantsNeverEndWorse) {
  Numbers measured;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 100; ++i) {
    measured.push_back(std::fmod(i * 37.7 + 5, 11.3));
    const double now = measured[winner(measured)];
    EXPECT_LE(now, best);
    best = now;
  }
}

TEST(Contest, ForecastsAreOffByMoreThanTwo) {
  EXPECT_FALSE(off_forecast(1, 2));
  EXPECT_FALSE(off_forecast(1, 0.5));
  EXPECT_TRUE(off_forecast(0.135, 2.84));
  EXPECT_TRUE(off_forecast(1, 0.49));
  EXPECT_TRUE(off_forecast(1, kNan));
  EXPECT_FALSE(off_forecast(0, 0));
}

TEST(Contest, TheMostPromising) {
  EXPECT_EQ(most_promising(Numbers{3, 1, kNan, 2}, 2), (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(most_promising(Numbers{3, 1, kNan}, 9), (std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(most_promising({}, 2).empty());
}

}  // namespace
}  // namespace posittune::search
