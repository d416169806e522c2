// Programs over cores of small problems, beside every assignment.

#include "posittune/search/dynamic_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "posittune/search/flatten.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
bool never() { return false; }

struct Instance {
  Reduced reduced;
  Relaxation relaxation;
  double excess = 0;  // of the optimum
};

// Instances with a constraint that binds and an assignment within it.
std::vector<Instance> instances() {
  std::vector<Instance> made;
  std::mt19937_64 generator(7);
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 30; ++trial) {
      const Groups groups = tests::random_groups(generator, kind, {6, 4, 1 + trial % 3});
      const std::vector<double> budgets = tests::budgets_at(groups, 0.45);
      Instance each{reduce(flatten(groups, budgets)), {}, tests::brute_force({groups, budgets})};
      if (each.reduced.items.constraints == 0 || each.excess == kInfinity) continue;
      each.relaxation = relax(each.reduced.items);
      each.excess -= each.reduced.loss_floor + each.relaxation.bound;
      made.push_back(std::move(each));
    }
  }
  return made;
}

double excess_of(const Instance& instance, const ProgramResult& result) {
  Assignment assignment = instance.relaxation.base;
  for (const ProgramResult::Change& change : result.changes) assignment[change.group] = change.item;
  const Totals sums = totals(instance.reduced.items, assignment);
  EXPECT_TRUE(within_budgets(instance.reduced.items, sums));
  return sums.loss - instance.relaxation.bound;
}

TEST(DynamicProgram, FindsTheOptimum) {
  const auto all = instances();
  ASSERT_GT(all.size(), 100U);
  for (const Instance& each : all) {
    const double near = 1e-9 * (1 + std::abs(each.relaxation.bound));
    const Core core = make_core(each.reduced.items, each.relaxation, kInfinity, 64);
    const ProgramResult result = run_program(core, kInfinity, {std::size_t{1} << 16, 0, never});
    ASSERT_TRUE(result.improved);
    EXPECT_NEAR(result.excess, each.excess, near);
    EXPECT_NEAR(result.bound, each.excess, near);
    EXPECT_NEAR(excess_of(each, result), each.excess, near);
    EXPECT_FALSE(result.stopped);
  }
}

// A list of few states loses assignments, and its bound says so.
TEST(DynamicProgram, BoundsOfShortListsHold) {
  for (const Instance& each : instances()) {
    const double near = 1e-9 * (1 + std::abs(each.relaxation.bound));
    const Core core = make_core(each.reduced.items, each.relaxation, kInfinity, 2);
    for (const std::size_t states : {1, 2, 5}) {
      const ProgramResult result = run_program(core, kInfinity, {states, 0, never});
      EXPECT_LE(result.bound, each.excess + near);
      EXPECT_GE(result.excess, each.excess - near);
      if (result.improved) {
        EXPECT_NEAR(excess_of(each, result), result.excess, near);
      }
    }
  }
}

TEST(DynamicProgram, NothingBetterThanWhatIsKnown) {
  for (const Instance& each : instances()) {
    const double known = each.excess - 1e-6 * (1 + std::abs(each.excess));
    if (known < 0) continue;
    const Core core = make_core(each.reduced.items, each.relaxation, kInfinity, 64);
    const ProgramResult result = run_program(core, known, {std::size_t{1} << 16, 0, never});
    EXPECT_FALSE(result.improved);
    EXPECT_TRUE(result.changes.empty());
    EXPECT_EQ(result.excess, known);
  }
}

TEST(DynamicProgram, AStopLeavesAValidBound) {
  const auto all = instances();
  for (const Instance& each : all) {
    const Core core = make_core(each.reduced.items, each.relaxation, kInfinity, 64);
    if (core.groups.size() < 2) continue;
    for (std::size_t after = 0; after < 2; ++after) {
      std::size_t asked = 0;
      const ProgramResult result =
          run_program(core, kInfinity, {std::size_t{1} << 16, 0, [&] { return asked++ == after; }});
      EXPECT_EQ(result.stopped, asked > after);
      EXPECT_LE(result.bound, each.excess + 1e-9 * (1 + std::abs(each.relaxation.bound)));
    }
  }
}

}  // namespace
}  // namespace posittune::search
