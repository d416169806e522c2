// Kalman's formulas by hand.

#include "posittune/search/belief.h"

#include <gtest/gtest.h>

#include <vector>

namespace posittune::search {
namespace {

using Terms = std::vector<Belief::Term>;

TEST(Belief, WithoutTrialsScoresAreBelieved) {
  const Belief belief(0.5);
  const Belief::Normal made = belief.predict(Terms{{0, 2}, {7, -1}});
  EXPECT_DOUBLE_EQ(made.mean, 1);
  EXPECT_DOUBLE_EQ(made.variance, 0.25 * (4 + 1));
  EXPECT_EQ(belief.mean(3), 1);
  EXPECT_EQ(belief.predict(Terms{}).variance, 0);
}

// A group twice in a trial is one factor: its losses add up before they are squared.
TEST(Belief, TermsOfOneGroupAddUp) {
  const Belief::Normal made = Belief(1).predict(Terms{{0, 2}, {0, -1}});
  EXPECT_DOUBLE_EQ(made.mean, 1);
  EXPECT_DOUBLE_EQ(made.variance, 1);
}

// Prior 1 +- 1; 2 times the factor is measured as 6 with variance 4. Gain: 2 / (4 + 4).
TEST(Belief, OneTrial) {
  Belief belief(1);
  belief.learn(Terms{{0, 2}}, 6, 4);
  EXPECT_DOUBLE_EQ(belief.mean(0), 1 + 0.25 * (6 - 2));
  EXPECT_DOUBLE_EQ(belief.predict(Terms{{0, 1}}).variance, 1 - 0.5);
  EXPECT_EQ(belief.mean(1), 1);
}

// An exact measurement of a + b = 4, both 1 +- 1: 2 each, and what one is more the other is less.
TEST(Belief, ATrialOfTwoTiesThem) {
  Belief belief(1);
  belief.learn(Terms{{0, 1}, {1, 1}}, 4, 0);
  EXPECT_DOUBLE_EQ(belief.mean(0), 2);
  EXPECT_DOUBLE_EQ(belief.mean(1), 2);
  EXPECT_NEAR(belief.predict(Terms{{0, 1}, {1, 1}}).variance, 0, 1e-15);
  EXPECT_DOUBLE_EQ(belief.predict(Terms{{0, 1}, {1, -1}}).variance, 2);
  belief.learn(Terms{{0, 1}}, 3, 0);
  EXPECT_DOUBLE_EQ(belief.mean(1), 1);
  EXPECT_NEAR(belief.predict(Terms{{1, 1}}).variance, 0, 1e-15);
}

TEST(Belief, WhatIsKnownExactlyIsNotLearntAnew) {
  Belief belief(1);
  belief.learn(Terms{{0, 1}}, 3, 0);
  belief.learn(Terms{{0, 1}}, 5, 0);
  EXPECT_DOUBLE_EQ(belief.mean(0), 3);
  belief.learn(Terms{}, 5, 0);
  EXPECT_DOUBLE_EQ(belief.mean(0), 3);
}

}  // namespace
}  // namespace posittune::search
