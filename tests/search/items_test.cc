// What is removed from a problem leaves its optimum.

#include "posittune/search/items.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "posittune/search/flatten.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

Items items_of(const Groups& groups, const std::vector<double>& budgets) {
  return flatten(groups, budgets);
}

// The reduced items as groups again.
Groups groups_of(const Items& items) {
  Groups groups(items.groups());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      const auto costs = items.costs(j);
      groups[i].push_back({items.loss[j], {costs.begin(), costs.end()}});
    }
  }
  return groups;
}

TEST(Items, TotalsAndBudgets) {
  const Items items = items_of({{{1, {10, 5}}, {3, {20, 6}}}, {{2, {1, 7}}}}, {21, 20});
  const Totals sums = totals(items, {1, 2});
  EXPECT_EQ(sums.loss, 5);
  EXPECT_EQ(sums.costs, (std::vector<double>{21, 13}));
  EXPECT_TRUE(within_budgets(items, sums));
  EXPECT_FALSE(within_budgets(items, {0, {21.1, 13}}));
  EXPECT_FALSE(within_budgets(items, {0, {21, 20.1}}));
  EXPECT_EQ(least_costs(items), (std::vector<double>{11, 12}));
}

// 2^53 + 1 - 2^53 is lost in double precision.
TEST(Items, SumsAreOfExtendedPrecision) {
  const Items items = items_of({{{0x1p53, {0}}}, {{1, {0}}}, {{-0x1p53, {0}}}}, {1});
  EXPECT_EQ(totals(items, {0, 1, 2}).loss, 1);
}

TEST(Reduce, DominatedItemsGo) {
  // Of the first group: item 1 has more of both than 0; 3 equals 2; 2 is cheaper than 0. The
  // budget leaves out none alone.
  const Groups groups = {{{1, {3}}, {2, {4}}, {5, {1}}, {5, {1}}}, {{0, {9}}, {1, {0}}}};
  const Reduced reduced = reduce(items_of(groups, {11}));
  EXPECT_EQ(reduced.items.first, (std::vector<std::size_t>{0, 2, 4}));
  EXPECT_EQ(reduced.items.source, (std::vector<std::uint32_t>{0, 2, 0, 1}));
  EXPECT_EQ(reduced.items.loss, (std::vector<double>{0, 4, 0, 1}));
  EXPECT_EQ(reduced.items.cost, (std::vector<double>{2, 0, 9, 0}));
  EXPECT_EQ(reduced.loss_floor, 1);
  EXPECT_EQ(reduced.items.budget, (std::vector<double>{10}));  // 11 - 1, widened, and whole again
}

TEST(Reduce, BudgetsThatBindNothingGo) {
  const Reduced reduced = reduce(items_of({{{1, {3, 1}}, {2, {1, 2}}}}, {100, 1.5}));
  ASSERT_EQ(reduced.items.constraints,
            0U);  // the second leaves only item 0, which it then binds not
  EXPECT_EQ(reduced.items.source, (std::vector<std::uint32_t>{0}));
}

TEST(Reduce, IntegerBudgetsAreRoundedToTheCommonDivisor) {
  const Groups groups = {{{1, {0}}, {0, {6}}}, {{1, {0}}, {0, {9}}}};
  EXPECT_EQ(reduce(items_of(groups, {11})).items.budget, (std::vector<double>{9}));
}

TEST(Reduce, ABudgetBelowTheLeastIsNegative) {
  EXPECT_LT(reduce(items_of({{{1, {3}}, {0, {4}}}}, {2})).items.budget[0], 0);
}

TEST(Reduce, TheOptimumStays) {
  std::mt19937_64 generator(11);
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 60; ++trial) {
      const std::size_t constraints = 1 + trial % 3;
      const Groups groups = tests::random_groups(generator, kind, {4, 5, constraints});
      const std::vector<double> budgets =
          tests::budgets_at(groups, 0.1 + 0.15 * static_cast<double>(trial % 6));
      const Reduced reduced = reduce(items_of(groups, budgets));
      const double expected = tests::brute_force({groups, budgets});
      if (std::ranges::any_of(reduced.items.budget, [](double b) { return b < 0; })) {
        EXPECT_EQ(expected, std::numeric_limits<double>::infinity());
        continue;
      }
      const Groups rest = groups_of(reduced.items);
      const double found = reduced.loss_floor + tests::brute_force({rest, reduced.items.budget});
      if (expected == std::numeric_limits<double>::infinity()) {
        EXPECT_EQ(found, expected);
      } else {
        EXPECT_NEAR(found, expected, 1e-11 * (1 + std::abs(expected)));
      }
    }
  }
}

}  // namespace
}  // namespace posittune::search
