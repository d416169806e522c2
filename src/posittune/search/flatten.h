#pragma once

// Groups of options, checked and laid out flat.

#include <cstddef>
#include <span>

#include "posittune/base/result.h"
#include "posittune/search/items.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// kInput errors name group and option; every option has `costs` costs.
Status check_groups(const Groups& groups, std::size_t costs);

// Items of checked groups; budgets are widened by kBudgetTolerance.
Items flatten(const Groups& groups, std::span<const double> budgets);
// Items with one of the costs only.
Items flatten(const Groups& groups, std::size_t cost, double budget);

// Sums over the options chosen. `objective`, `bound` and `proven` are left to the caller.
Solution solution_of(const Groups& groups, std::vector<std::size_t> choice);
// Items number the options in order.
std::vector<std::size_t> choice_of(const Items& items, const Assignment& assignment);

}  // namespace posittune::search
