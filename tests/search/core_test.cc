// What a core says of every assignment of small problems.

#include "posittune/search/core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "posittune/search/flatten.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void for_each(const Items& items, const std::function<void(const Assignment&)>& visit) {
  Assignment at;
  for (std::size_t i = 0; i < items.groups(); ++i)
    at.push_back(static_cast<std::uint32_t>(items.first[i]));
  while (true) {
    visit(at);
    std::size_t i = 0;
    while (i < at.size() && ++at[i] == items.first[i + 1]) {
      at[i] = static_cast<std::uint32_t>(items.first[i]);
      ++i;
    }
    if (i == at.size()) return;
  }
}

// Moves by group and item; the base has none.
std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> moves_of(const Core& core) {
  std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> moves;
  for (const Core::Group& group : core.groups) {
    for (std::size_t o = group.first; o < group.first + group.count; ++o)
      moves[{group.group, core.item[o]}] = o;
  }
  return moves;
}

// The excess by moves, or nothing where an item is not among them.
std::optional<double> excess_of(const Core& core, const Relaxation& relaxation,
                                const Assignment& assignment) {
  const auto moves = moves_of(core);
  double excess = core.base_excess;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == relaxation.base[i]) continue;
    const auto move = moves.find({i, assignment[i]});
    if (move == moves.end()) return std::nullopt;
    excess += core.gain[move->second];
  }
  return excess;
}

void check_core(const Items& items, const Relaxation& relaxation, const Core& core, double limit) {
  const double near = 1e-10 * (1 + std::abs(relaxation.bound));
  for_each(items, [&](const Assignment& assignment) {
    const Totals sums = totals(items, assignment);
    if (!within_budgets(items, sums)) return;
    const double excess = sums.loss - relaxation.bound;
    const auto by_moves = excess_of(core, relaxation, assignment);
    if (by_moves) {
      EXPECT_NEAR(*by_moves, excess, near);
    } else {
      EXPECT_GE(excess, core.least_removed - near);
      EXPECT_GE(core.least_removed, limit);
    }
    // The bound before any group is decided, for every shift.
    for (std::size_t d = 0; d < core.shifts && by_moves; ++d) {
      double bound = core.base_excess + core.open_sum[d];
      for (std::size_t k = 0; k < core.constraints; ++k) {
        bound -= (core.price[k] + core.shift[d * core.constraints + k]) * core.base_slack[k];
        EXPECT_GE(core.price[k] + core.shift[d * core.constraints + k], 0);
      }
      EXPECT_LE(bound, excess + near);
    }
  });
}

TEST(Core, EveryBetterAssignmentIsMadeOfItsMoves) {
  std::mt19937_64 generator(3);
  int open = 0;
  for (const tests::Kind kind : tests::kKinds) {
    for (std::size_t trial = 0; trial < 15; ++trial) {
      const std::size_t constraints = 1 + trial % 3;
      const Groups groups = tests::random_groups(generator, kind, {4, 4, constraints});
      const std::vector<double> budgets = tests::budgets_at(groups, 0.4);
      const Items items = reduce(flatten(groups, budgets)).items;
      if (items.constraints == 0 ||
          std::ranges::any_of(items.budget, [](double b) { return b < 0; }))
        continue;
      const Relaxation relaxation = relax(items);
      const double optimum =
          tests::brute_force({groups, budgets}) - reduce(flatten(groups, budgets)).loss_floor;
      for (const double limit : {kInfinity, optimum - relaxation.bound + 1e-9}) {
        if (std::isnan(limit)) continue;
        const Core core = make_core(items, relaxation, limit, 64);
        EXPECT_TRUE(core.whole);
        EXPECT_EQ(core.staged, core.groups.size());
        check_core(items, relaxation, core, limit);
        open += core.groups.empty() ? 0 : 1;
      }
    }
  }
  EXPECT_GT(open, 50);
}

TEST(Core, GroupsOfLeastPriceChangeFirst) {
  std::mt19937_64 generator(4);
  const Groups groups = tests::random_groups(generator, tests::Kind::kUniform, {40, 4, 1});
  const Items items = reduce(flatten(groups, tests::budgets_at(groups, 0.4))).items;
  const Core core = make_core(items, relax(items), kInfinity, 8);
  EXPECT_EQ(core.staged, 8U);
  EXPECT_FALSE(core.whole);
  EXPECT_TRUE(std::ranges::is_sorted(core.groups, {}, &Core::Group::price_change));
  // What a stage can take and give back shrinks as groups are decided.
  for (std::size_t stage = 0; stage < core.staged; ++stage) {
    EXPECT_GE(core.can_take[stage], core.can_take[stage + 1]);
    EXPECT_GE(core.can_give[stage], core.can_give[stage + 1]);
  }
}

// Far more groups than are staged: the rest is closed, and nothing is said of what went.
TEST(Core, ATailIsClosedWithoutAReason) {
  std::mt19937_64 generator(5);
  const Groups groups = tests::random_groups(generator, tests::Kind::kUniform, {80, 4, 1});
  const Items items = reduce(flatten(groups, tests::budgets_at(groups, 0.4))).items;
  const Core core = make_core(items, relax(items), kInfinity, 2);
  EXPECT_LE(core.groups.size(), 2U);
  EXPECT_FALSE(core.whole);
  EXPECT_EQ(core.least_removed, 0);
}

}  // namespace
}  // namespace posittune::search
