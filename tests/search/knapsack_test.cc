#include "posittune/search/knapsack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/search/instances.h"

namespace posittune::search {
namespace {

using namespace tests;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Sums of at most ten terms of size one, and the gap that counts as none.
constexpr double kRounding = 1e-11;
const SolveOptions kExactly = {.relative_gap = 0};

// The sums of a solution are those of its choice, and within the budgets.
void expect_consistent(const Problem& problem, const Solution& solution) {
  ASSERT_EQ(solution.choice.size(), problem.groups.size());
  double loss = 0;
  std::vector<double> costs(problem.budgets.size(), 0);
  for (std::size_t i = 0; i < problem.groups.size(); ++i) {
    ASSERT_LT(solution.choice[i], problem.groups[i].size());
    const Option& option = problem.groups[i][solution.choice[i]];
    loss += option.loss;
    for (std::size_t k = 0; k < costs.size(); ++k) costs[k] += option.costs[k];
  }
  EXPECT_NEAR(solution.loss, loss, kRounding * (1 + std::abs(loss)));
  EXPECT_EQ(solution.objective, solution.loss);
  ASSERT_EQ(solution.costs.size(), costs.size());
  for (std::size_t k = 0; k < costs.size(); ++k) {
    EXPECT_NEAR(solution.costs[k], costs[k], kRounding * (1 + std::abs(costs[k])));
    EXPECT_LE(solution.costs[k],
              problem.budgets[k] + 2 * kBudgetTolerance * std::abs(problem.budgets[k]));
  }
}

void expect_optimal(const Problem& problem, const SolveOptions& options = kExactly) {
  const double least = brute_force(problem);
  const auto solution = solve(problem, options);
  if (least == kInfinity) {
    ASSERT_FALSE(solution.ok());
    EXPECT_EQ(solution.error().kind, ErrorKind::kUsage);
    return;
  }
  ASSERT_TRUE(solution.ok()) << solution.error().message();
  expect_consistent(problem, *solution);
  EXPECT_NEAR(solution->loss, least, kRounding * (1 + std::abs(least)));
  EXPECT_LE(solution->bound, least + kRounding * (1 + std::abs(least)));
  EXPECT_TRUE(solution->proven);
}

class RandomInstances : public ::testing::TestWithParam<Kind> {};

TEST_P(RandomInstances, EqualBruteForce) {
  std::mt19937_64 generator(6);
  std::uniform_real_distribution<double> part(0, 1);
  for (const std::size_t constraints : {1U, 2U, 3U, 4U}) {
    for (int i = 0; i < 150; ++i) {
      const std::size_t count = 1 + generator() % 6;
      Problem problem{random_groups(generator, GetParam(), {count, 5, constraints}), {}};
      problem.budgets = budgets_at(problem.groups, part(generator));
      expect_optimal(problem);
      if (HasFailure()) FAIL() << constraints << " constraints, instance " << i;
    }
  }
}

// A budget that is the cost of an assignment, summed in some order, does not exclude it.
TEST_P(RandomInstances, BudgetsExactlyMet) {
  std::mt19937_64 generator(7);
  for (int i = 0; i < 100; ++i) {
    Problem problem{random_groups(generator, GetParam(), {5, 5, 2}), {0, 0}};
    for (const auto& group : problem.groups) {
      const Option& option = group[generator() % group.size()];
      for (std::size_t k = 0; k < 2; ++k) problem.budgets[k] += option.costs[k];
    }
    expect_optimal(problem);
    if (HasFailure()) FAIL() << "instance " << i;
  }
}

// With few states the search cannot finish; what it says stays true.
TEST_P(RandomInstances, BoundsHoldWhenLimitsAreReached) {
  std::mt19937_64 generator(8);
  for (int i = 0; i < 60; ++i) {
    Problem problem{random_groups(generator, GetParam(), {7, 4, 2}), {}};
    problem.budgets = budgets_at(problem.groups, 0.5);
    const double least = brute_force(problem);
    const auto solution = solve(problem, {.relative_gap = 0, .max_states = 1});
    if (!solution.ok()) continue;
    const double rounding = kRounding * (1 + std::abs(least));
    expect_consistent(problem, *solution);
    EXPECT_LE(solution->bound, least + rounding);
    EXPECT_GE(solution->loss, least - rounding);
    EXPECT_LE(solution->bound, solution->loss);
    if (solution->proven) {
      EXPECT_NEAR(solution->loss, least, rounding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RandomInstances, ::testing::ValuesIn(kKinds));

TEST(Knapsack, ByHand) {
  // The best value for the cost, (1, 3) and (0, 2) costs 5; with 4 only one of the two can be dear.
  const Problem problem{{{{4, {1}}, {1, {3}}}, {{2, {1}}, {0, {2}}}}, {4}};
  const auto solution = solve(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->choice, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(solution->loss, 3);
  EXPECT_EQ(solution->costs, std::vector<double>{4});
  EXPECT_EQ(solution->bound, 3);
  EXPECT_EQ(solution->gap(), 0);
  EXPECT_TRUE(solution->proven);
}

TEST(Knapsack, NothingToChoose) {
  const auto empty = solve({{}, {1, 2}});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->loss, 0);
  EXPECT_EQ(empty->costs, (std::vector<double>{0, 0}));
  EXPECT_TRUE(empty->proven);
  const auto single = solve({{{{5, {2}}}, {{1, {3}}}}, {5}});
  ASSERT_TRUE(single.ok());
  EXPECT_EQ(single->loss, 6);
  EXPECT_TRUE(single->proven);
}

TEST(Knapsack, AnInfiniteBudgetIsNone) {
  const auto solution = solve({{{{5, {2}}, {1, {1e300}}}}, {kInfinity}});
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->loss, 1);
}

TEST(Knapsack, OfEqualLossesTheCheaper) {
  const auto solution = solve({{{{0, {9}}, {0, {2}}, {0, {5}}, {1, {1}}}}, {100}});
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->choice[0], 1U);
}

// 0.1 + 0.2 is more than 0.3 in double precision.
TEST(Knapsack, BudgetsAreMetUpToRounding) {
  const Problem problem{{{{0, {0.1}}, {1, {0}}}, {{0, {0.2}}, {1, {0}}}}, {0.3}};
  const auto solution = solve(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->loss, 0);
}

// Bits of a large model: sums near 2^38 are exact, and one bit more is too much.
TEST(Knapsack, HugeIntegersAreExact) {
  const double size = 1LL << 36;
  Problem problem{{{{1, {3 * size}}, {0, {4 * size + 1}}}, {{0.5, {size}}, {0, {size + 7000}}}},
                  {5 * size + 7001}};
  auto solution = solve(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->choice, (std::vector<std::size_t>{1, 1}));
  problem.budgets = {5 * size + 7000};
  solution = solve(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->choice, (std::vector<std::size_t>{1, 0}));
}

// One loss of 100 and many of 1e-9: the small ones are decided rightly too.
TEST(Knapsack, LossesOfVeryDifferentSize) {
  Problem problem{{{{100, {0}}}}, {5}};
  for (int i = 1; i <= 6; ++i) problem.groups.push_back({{1e-9 * i, {0}}, {0, {1.0 * (7 - i)}}});
  expect_optimal(problem, {.relative_gap = 1e-12});
  const auto solution = solve(problem, {.relative_gap = 0});
  ASSERT_TRUE(solution.ok());
  // Items of cost 1 and 2 have losses 6e-9 and 5e-9; cost 5 buys them only, with 2 left over.
  EXPECT_NEAR(solution->loss - 100, 1e-9 * (1 + 2 + 3 + 4), 1e-13);
}

// More groups than brute force can do, all alike: the optimum is known by counting.
TEST(Knapsack, ManyEqualGroups) {
  Problem problem;
  for (int i = 0; i < 2000; ++i) problem.groups.push_back({{3, {768}}, {1, {1000}}, {0, {3072}}});
  problem.budgets = {2000 * 768.0 + 232 * 1500 + 100};
  const auto solution = solve(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->loss, 2000 * 3 - 1500 * 2);
  EXPECT_TRUE(solution->proven);
}

TEST(Knapsack, Deterministic) {
  std::mt19937_64 generator(9);
  Problem problem{random_groups(generator, Kind::kFormats, {300, 8, 2}), {}};
  problem.budgets = budgets_at(problem.groups, 0.3);
  const auto a = solve(problem), b = solve(problem);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->choice, b->choice);
  EXPECT_EQ(a->bound, b->bound);
}

TEST(Knapsack, SecondsAreALimit) {
  std::mt19937_64 generator(10);
  Problem problem{random_groups(generator, Kind::kUniform, {200, 8, 3}), {}};
  problem.budgets = budgets_at(problem.groups, 0.4);
  const auto solution = solve(problem, {.relative_gap = 0, .seconds = 0});
  ASSERT_TRUE(solution.ok());
  expect_consistent(problem, *solution);
  EXPECT_FALSE(solution->proven);
  EXPECT_GT(solution->gap(), 0);
  EXPECT_LE(solution->bound, solution->loss);
}

TEST(Cheapest, EqualsBruteForce) {
  std::mt19937_64 generator(11);
  for (const Kind kind : kKinds) {
    for (int i = 0; i < 60; ++i) {
      const Groups groups = random_groups(generator, kind, {5, 5, 2});
      std::vector<double> losses;
      for_each_assignment(groups, [&](double loss, const auto&) { losses.push_back(loss); });
      const double allowed = losses[generator() % losses.size()];
      double least = kInfinity;
      for_each_assignment(groups, [&](double loss, const std::vector<double>& costs) {
        if (loss <= allowed + kBudgetTolerance * std::abs(allowed))
          least = std::min(least, costs[1]);
      });
      const auto solution = cheapest(groups, 1, allowed, kExactly);
      ASSERT_TRUE(solution.ok()) << solution.error().message();
      EXPECT_NEAR(solution->costs[1], least, kRounding * (1 + std::abs(least)));
      EXPECT_EQ(solution->objective, solution->costs[1]);
      EXPECT_LE(solution->loss, allowed + 2 * kBudgetTolerance * std::abs(allowed));
      EXPECT_LE(solution->bound, solution->objective);
      EXPECT_TRUE(solution->proven);
    }
  }
}

TEST(Cheapest, AnyLoss) {
  const auto solution = cheapest({{{4, {1}}, {1, {3}}}, {{2, {1}}, {0, {2}}}}, 0, kInfinity);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->objective, 2);
}

}  // namespace
}  // namespace posittune::search
