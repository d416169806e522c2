// The Lagrangian bound: its own formula, no assignment below it, and no better prices.

#include "posittune/search/relaxation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "posittune/search/flatten.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

double bound_at(const Items& items, const std::vector<double>& price) {
  double bound = 0;
  for (std::size_t i = 0; i < items.groups(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      double priced = items.loss[j];
      for (std::size_t k = 0; k < price.size(); ++k) priced += price[k] * items.costs(j)[k];
      least = std::min(least, priced);
    }
    bound += least;
  }
  for (std::size_t k = 0; k < price.size(); ++k) bound -= price[k] * items.budget[k];
  return bound;
}

// Losses 0, 2, 3 at costs 4, 1, 0: the hull at a budget of 2 is 2/3 of the way from 0 to 2.
TEST(Relaxation, OneGroupByHand) {
  const Items items = flatten({{{0, {4}}, {2, {1}}, {3, {0}}}}, std::vector<double>{2});
  const Relaxation made = relax(items);
  EXPECT_NEAR(made.bound, 4.0 / 3, 1e-11);
  ASSERT_EQ(made.price.size(), 1U);
  EXPECT_NEAR(made.price[0], 2.0 / 3, 1e-11);
  ASSERT_TRUE(made.feasible.has_value());
  EXPECT_EQ(*made.feasible, (Assignment{1}));
  EXPECT_EQ(made.basis.size(), 2U);
}

TEST(Relaxation, NoBudgetIsMissedAtPriceZero) {
  const Relaxation made =
      relax(flatten({{{0, {4}}, {2, {1}}}, {{5, {1}}, {1, {3}}}}, std::vector<double>{7}));
  EXPECT_NEAR(made.bound, 1, 1e-12);
  EXPECT_EQ(made.feasible, (std::optional<Assignment>{{0, 3}}));
}

TEST(Relaxation, TheLargestLowerBound) {
  std::mt19937_64 generator(5);
  std::uniform_real_distribution<double> factor(0, 2.5);
  int compared = 0;
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 40; ++trial) {
      const std::size_t constraints = 1 + trial % 3;
      const Groups groups = tests::random_groups(generator, kind, {5, 4, constraints});
      const std::vector<double> budgets =
          tests::budgets_at(groups, 0.25 + 0.1 * static_cast<double>(trial % 5));
      const Reduced reduced = reduce(flatten(groups, budgets));
      const Items& items = reduced.items;
      if (items.constraints == 0 ||
          std::ranges::any_of(items.budget, [](double b) { return b < 0; }))
        continue;
      const double least = tests::brute_force({groups, budgets});
      if (least == std::numeric_limits<double>::infinity()) continue;  // there need be no largest
      const Relaxation made = relax(items);
      const double scale = 1e-10 * (1 + std::abs(made.bound));
      ++compared;
      EXPECT_NEAR(made.bound, bound_at(items, made.price), scale);
      EXPECT_LE(made.bound + reduced.loss_floor, least + scale);
      const Totals base = totals(items, made.base);
      double of_base = base.loss;
      for (std::size_t k = 0; k < items.constraints; ++k) {
        EXPECT_GE(made.price[k], 0);
        of_base += made.price[k] * (base.costs[k] - items.budget[k]);
      }
      EXPECT_NEAR(of_base, made.bound, scale);
      if (made.feasible) {
        EXPECT_TRUE(within_budgets(items, totals(items, *made.feasible)));
      }
      for (int other = 0; other < 100; ++other) {
        std::vector<double> price = made.price;
        for (double& each : price) each = each > 0 ? each * factor(generator) : factor(generator);
        EXPECT_LE(bound_at(items, price), made.bound + scale);
      }
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace posittune::search
