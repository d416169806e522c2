#pragma once

// Core of a problem: the part that is still open once an assignment and a lower bound are known.
//
// All quantities are relative to the relaxation: the loss of an assignment is `relaxation.bound`
// plus its excess. The base assignment has excess sum(price * slack); changing group i to item j
// adds `gain` to the excess and takes `use` from the slack. In these terms, for every shift d with
// price + d >= 0 and a partial assignment of excess e and slack s,
//
//   e - (price + d) . s + sum over open groups of min(0, min_j (reduced_ij + d . use_ij))
//
// is a lower bound of the excess of every completion within the budgets, where the reduced loss of
// an item is reduced_ij = gain_ij + price . use_ij >= 0. For d = 0 the sum vanishes. Shifts grow
// from the smallest price change that changes an open group.
//
// An item whose own bound is no better than the best assignment known is removed; groups of which
// only the base is left are closed. reference: D. Pisinger, "A minimal algorithm for the
// multiple-choice knapsack problem", European Journal of Operational Research 83, 1995, for one
// constraint: the order of groups by price change, the test of items by bounds, and the growing
// core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/search/items.h"
#include "posittune/search/relaxation.h"

namespace posittune::search {

struct Core {
  struct Group {
    std::size_t group = 0;
    std::size_t first = 0, count = 0;  // range of its moves
    double price_change = 0;           // relative; for smaller changes the base stays best
  };

  std::size_t constraints = 0;
  double base_excess = 0;
  std::vector<double> base_slack;
  std::vector<double> price;

  std::vector<Group> groups;        // open ones, of least price change first
  std::vector<std::uint32_t> item;  // [move away from the base]: its item
  std::vector<double> gain, reduced;
  std::vector<double> use;  // constraints values for each move

  std::size_t shifts = 0;
  std::vector<double> shift;  // constraints values each
  // Sums over the open groups, [stage * shifts + d]: the sum above over the groups from `stage` on,
  // for stages up to `staged`.
  std::vector<double> open_sum;
  std::size_t staged = 0;
  bool whole = false;  // all open groups are staged
  // Slack that the groups from `stage` on can take, and give back: [stage * constraints + k].
  std::vector<double> can_take, can_give;

  double least_removed = 0;  // bound of the removed items
};

// Makes the core. Items whose excess cannot be below `limit` are removed. At most `most_groups`
// groups are staged; if far more are open, the others are closed without proof, and `least_removed`
// is 0.
Core make_core(const Items& items, const Relaxation& relaxation, double limit,
               std::size_t most_groups);

}  // namespace posittune::search
