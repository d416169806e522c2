// Branches of small problems, beside every assignment.

#include "posittune/search/branch.h"

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
  double floor = 0, least = 0;
};

// Reduced, with a constraint that binds.
std::vector<Instance> instances() {
  std::vector<Instance> made;
  std::mt19937_64 generator(13);
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 25; ++trial) {
      const Groups groups = tests::random_groups(generator, kind, {6, 4, 2 + trial % 3});
      const std::vector<double> budgets =
          tests::budgets_at(groups, 0.2 + 0.1 * static_cast<double>(trial % 4));
      Reduced reduced = reduce(flatten(groups, budgets));
      if (reduced.items.constraints == 0 ||
          std::ranges::any_of(reduced.items.budget, [](double b) { return b < 0; }))
        continue;
      made.push_back(
          {std::move(reduced.items), reduced.loss_floor, tests::brute_force({groups, budgets})});
    }
  }
  return made;
}

Limits narrow() {
  Limits limits;
  limits.max_states = 1;  // nodes prove little, so that they are split
  return limits;
}

// Nothing is known at the start: no assignment, no bound, no basis.
TEST(Branch, FindsTheOptimumFromNothing) {
  const auto all = instances();
  ASSERT_GT(all.size(), 80U);
  int none = 0;
  for (const Instance& each : all) {
    if (each.items.loss.size() == each.items.groups()) continue;  // the caller has judged it
    const Minimum found = branch_and_bound(each.items, each.floor, {}, narrow());
    EXPECT_TRUE(found.proven);
    ASSERT_EQ(found.assignment.has_value(), each.least < kInfinity);
    if (!found.assignment) {
      ++none;
      continue;
    }
    const double near = 1e-10 * (1 + std::abs(each.least));
    EXPECT_NEAR(found.loss, each.least, near);
    EXPECT_LE(found.bound, each.least + near);
    const Totals sums = totals(each.items, *found.assignment);
    EXPECT_TRUE(within_budgets(each.items, sums));
    EXPECT_NEAR(sums.loss + each.floor, found.loss, near);
  }
  EXPECT_GT(none, 0);
}

TEST(Branch, AnAssignmentThatIsGoodEnoughStays) {
  for (const Instance& each : instances()) {
    if (each.least == kInfinity) continue;
    Limits limits = narrow();
    limits.good_enough = kInfinity;
    Minimum start;
    start.assignment = Assignment(each.items.groups());
    start.loss = each.least + 1;
    start.bound = each.least - 1;
    const Minimum kept = branch_and_bound(each.items, each.floor, start, limits);
    EXPECT_EQ(kept.loss, start.loss);
    EXPECT_EQ(kept.bound, start.bound);
    EXPECT_FALSE(kept.proven);
  }
}

TEST(Branch, ADeadlineLeavesWhatIsKnown) {
  const Instance each = instances().front();
  Limits limits = narrow();
  limits.deadline = std::chrono::steady_clock::now();
  Minimum start;
  start.bound = each.floor;
  const Minimum kept = branch_and_bound(each.items, each.floor, start, limits);
  EXPECT_FALSE(kept.proven);
  EXPECT_FALSE(kept.assignment.has_value());
  EXPECT_EQ(kept.bound, each.floor);
}

}  // namespace
}  // namespace posittune::search
