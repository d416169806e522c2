#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "posittune/search/knapsack.h"

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const Groups kGroups = {{{4, {2, 3}}, {1, {3, 2}}}, {{2, {1, 9}}, {0, {5, 1}}}};

template <class T>
void expect_error(const Result<T>& result, ErrorKind kind, const std::string& part) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, kind) << result.error().message();
  EXPECT_NE(result.error().message().find(part), std::string::npos) << result.error().message();
}

TEST(KnapsackErrors, NumbersThatAreNotFinite) {
  for (const double bad : {std::nan(""), kInfinity, -kInfinity}) {
    Groups groups = kGroups;
    groups[1][0].loss = bad;
    expect_error(solve({groups, {9, 9}}), ErrorKind::kInput, "group 1, option 0");
    expect_error(cheapest(groups, 0, 9), ErrorKind::kInput, "group 1, option 0");
    expect_error(lagrangian_hull(groups, 0), ErrorKind::kInput, "group 1, option 0");
    expect_error(pareto_front(groups, 0, 3), ErrorKind::kInput, "group 1, option 0");
    groups = kGroups;
    groups[0][1].costs[1] = bad;
    expect_error(solve({groups, {9, 9}}), ErrorKind::kInput, "group 0, option 1");
  }
}

TEST(KnapsackErrors, Shapes) {
  Groups groups = kGroups;
  groups[1].clear();
  expect_error(solve({groups, {9, 9}}), ErrorKind::kInput, "group 1");
  groups[0].clear();
  expect_error(cheapest(groups, 0, 9), ErrorKind::kInput, "group 0");
  expect_error(lagrangian_hull(groups, 0), ErrorKind::kInput, "group 0");
  groups = kGroups;
  groups[0][1].costs.pop_back();
  expect_error(solve({groups, {9, 9}}), ErrorKind::kInput, "group 0, option 1");
  expect_error(solve({kGroups, {9}}), ErrorKind::kInput, "group 0, option 0");
}

TEST(KnapsackErrors, Budgets) {
  expect_error(solve({kGroups, {}}), ErrorKind::kUsage, "1 to 8");
  expect_error(solve({kGroups, {9, std::nan("")}}), ErrorKind::kUsage, "budget 1");
  expect_error(solve({{}, {-1}}), ErrorKind::kUsage, "at least 0");
  expect_error(cheapest(kGroups, 0, std::nan("")), ErrorKind::kUsage, "largest loss");
  expect_error(cheapest(kGroups, 2, 9), ErrorKind::kUsage, "2 costs");
  expect_error(lagrangian_hull(kGroups, 2), ErrorKind::kUsage, "found: 2");
  expect_error(pareto_front(kGroups, 0, 1), ErrorKind::kUsage, "two points");
}

TEST(KnapsackErrors, TheLeastPossibleIsSaid) {
  expect_error(solve({kGroups, {2, 99}}), ErrorKind::kUsage, "budget 0\n  expected: at least 3\n");
  expect_error(solve({kGroups, {99, 2.5}}), ErrorKind::kUsage,
               "budget 1\n  expected: at least 3\n");
  expect_error(solve({kGroups, {-kInfinity, 99}}), ErrorKind::kUsage, "at least 3");
  expect_error(cheapest(kGroups, 0, 0.5), ErrorKind::kUsage, "at least 1\n");
}

// Within a cost of 4 for the first the second is 2 + 9 at least; within 8 for the second the first
// is 2 + 5.
TEST(KnapsackErrors, BudgetsThatExcludeEachOther) {
  const auto result = solve({kGroups, {4, 8}});
  expect_error(result, ErrorKind::kUsage, "budget 0 at least 7, or budget 1 at least 11");
}

TEST(KnapsackErrors, ThreeBudgetsThatExcludeEachOther) {
  Problem problem;
  for (int i = 0; i < 12; ++i) {
    problem.groups.push_back({{1, {1, 0, 0}}, {2, {0, 1, 0}}, {3, {0, 0, 1}}});
  }
  problem.budgets = {4, 4, 4};
  const auto exactly = solve(problem);
  ASSERT_TRUE(exactly.ok()) << exactly.error().message();
  EXPECT_EQ(exactly->loss, 24);
  problem.budgets = {4, 4, 3.5};
  expect_error(solve(problem), ErrorKind::kUsage, "budget 2 at least 4");
}

}  // namespace
}  // namespace posittune::search
