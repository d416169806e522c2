#pragma once

// Which of several proposals for one budget is taken once they are measured.

#include <cstddef>
#include <span>
#include <vector>

#include "posittune/search/baselines.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// Whether a choice keeps to all budgets, with the tolerance of the solver.
bool fits(const Groups& groups, const Choice& choice, std::span<const double> budgets);

// The least measured loss, the first of equals; what is not a number never wins over one that is.
// At least one.
std::size_t winner(std::span<const double> measured);

// A measured loss that is more than twice its forecast or less than half of it, or that is not a
// number.
bool off_forecast(double forecast, double measured);

// Indices of the `count` least forecast losses, the least first.
std::vector<std::size_t> most_promising(std::span<const double> forecasts, std::size_t count);

}  // namespace posittune::search
