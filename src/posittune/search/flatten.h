#pragma once

// Flat items from groups of options.

#include <cstddef>
#include <span>

#include "posittune/base/result.h"
#include "posittune/search/items.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// Checks groups: every option has `costs` costs, all finite. kInput errors name group and option.
Status check_groups(const Groups& groups, std::size_t costs);

// Items of checked groups; budgets are widened by kBudgetTolerance.
Items flatten(const Groups& groups, std::span<const double> budgets);
// Items with only one of the costs.
Items flatten(const Groups& groups, std::size_t cost, double budget);

// The solution of a choice: sums over the options chosen. The caller sets `objective`, `bound` and
// `proven`.
Solution solution_of(const Groups& groups, std::vector<std::size_t> choice);
// The choice of an assignment, as indices of options.
std::vector<std::size_t> choice_of(const Items& items, const Assignment& assignment);

}  // namespace posittune::search
