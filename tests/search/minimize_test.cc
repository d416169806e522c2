// The solver on flat items, beside every assignment.

#include "posittune/search/minimize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "posittune/search/flatten.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Instance {
  Items items;
  double least = 0;  // infinity: nothing is within the budgets
};

std::vector<Instance> instances() {
  std::vector<Instance> made;
  std::mt19937_64 generator(9);
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 40; ++trial) {
      const Groups groups = tests::random_groups(generator, kind, {6, 4, 1 + trial % 4});
      const std::vector<double> budgets =
          tests::budgets_at(groups, 0.1 + 0.1 * static_cast<double>(trial % 5));
      made.push_back({flatten(groups, budgets), tests::brute_force({groups, budgets})});
    }
  }
  return made;
}

Limits wide() {
  Limits limits;
  limits.max_states = std::size_t{1} << 16;
  return limits;
}

double near(double loss) { return 1e-10 * (1 + std::abs(loss)); }

void expect_assignment(const Instance& of, const Minimum& minimum) {
  ASSERT_TRUE(minimum.assignment.has_value());
  const Totals sums = totals(of.items, *minimum.assignment);
  EXPECT_TRUE(within_budgets(of.items, sums));
  EXPECT_NEAR(sums.loss, minimum.loss, near(minimum.loss));
}

TEST(Minimize, OptimaAndProofsThatThereAreNone) {
  int none = 0, some = 0;
  for (const Instance& each : instances()) {
    const Minimum minimum = minimize(each.items, wide());
    EXPECT_TRUE(minimum.proven);
    if (each.least == kInfinity) {
      EXPECT_FALSE(minimum.assignment.has_value());
      ++none;
      continue;
    }
    expect_assignment(each, minimum);
    EXPECT_NEAR(minimum.loss, each.least, near(each.least));
    EXPECT_LE(minimum.bound, each.least + near(each.least));
    ++some;
  }
  EXPECT_GT(none, 10);
  EXPECT_GT(some, 100);
}

// Too few states for a proof: the bound holds, and the loss is one of an assignment.
TEST(Minimize, LimitsLeaveValidBounds) {
  for (const Instance& each : instances()) {
    Limits limits = wide();
    limits.max_states = 1;
    limits.branch = false;
    const Minimum minimum = minimize(each.items, limits);
    EXPECT_LE(minimum.bound, each.least + near(each.least == kInfinity ? 0 : each.least));
    if (minimum.assignment) {
      expect_assignment(each, minimum);
      EXPECT_GE(minimum.loss, each.least - near(each.least));
      if (minimum.proven) {
        EXPECT_NEAR(minimum.loss, each.least, near(each.least));
      }
    }
  }
}

TEST(Minimize, OnlyLossesBelowTheCutoff) {
  for (const Instance& each : instances()) {
    if (each.least == kInfinity) continue;
    Limits limits = wide();
    limits.cutoff = each.least - 1e-3 * (1 + std::abs(each.least));
    const Minimum nothing = minimize(each.items, limits);
    EXPECT_FALSE(nothing.assignment.has_value());
    EXPECT_TRUE(nothing.proven);
    limits.cutoff = each.least + 1e-3 * (1 + std::abs(each.least));
    const Minimum found = minimize(each.items, limits);
    expect_assignment(each, found);
    EXPECT_NEAR(found.loss, each.least, near(each.least));
  }
}

TEST(Minimize, WhatIsGoodEnoughIsTaken) {
  for (const Instance& each : instances()) {
    if (each.least == kInfinity) continue;
    Limits limits = wide();
    limits.good_enough = kInfinity;
    const Minimum minimum = minimize(each.items, limits);
    expect_assignment(each, minimum);
    EXPECT_LE(minimum.bound, each.least + near(each.least));
  }
}

TEST(Minimize, NoGroupsAreNoLoss) {
  Items nothing;
  nothing.constraints = 1;
  nothing.budget = {0};
  const Minimum minimum = minimize(nothing, wide());
  ASSERT_TRUE(minimum.assignment.has_value());
  EXPECT_TRUE(minimum.assignment->empty());
  EXPECT_EQ(minimum.loss, 0);
  EXPECT_TRUE(minimum.proven);
}

TEST(CostAsLoss, ExchangesRoles) {
  const Items items = flatten({{{1, {10, 5}}, {3, {20, 6}}}}, std::vector<double>{100, 50});
  const Items exchanged = cost_as_loss(items, 1);
  EXPECT_EQ(exchanged.constraints, 1U);
  EXPECT_EQ(exchanged.loss, (std::vector<double>{5, 6}));
  EXPECT_EQ(exchanged.cost, (std::vector<double>{10, 20}));
  EXPECT_EQ(exchanged.budget, (std::vector<double>{items.budget[0]}));
  EXPECT_EQ(exchanged.first, items.first);
}

TEST(LimitsOf, WhatNumbersCanTellApart) {
  EXPECT_EQ(limits_of({.relative_gap = 0}).relative_gap, kLeastGap);
  EXPECT_EQ(limits_of({.relative_gap = 0.5}).relative_gap, 0.5);
  EXPECT_EQ(limits_of({.max_states = 0}).max_states, 1U);
  using Clock = std::chrono::steady_clock;
  EXPECT_EQ(limits_of({}).deadline, Clock::time_point::max());
  const auto past = limits_of({.seconds = -1}).deadline;
  EXPECT_LE(past, Clock::now());
  EXPECT_GT(limits_of({.seconds = 1000}).deadline, Clock::now() + std::chrono::seconds(900));
}

}  // namespace
}  // namespace posittune::search
