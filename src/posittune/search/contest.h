#pragma once

// Contest: which of several measured proposals for one budget is taken.

#include <cstddef>
#include <span>
#include <vector>

#include "posittune/search/baselines.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// Whether a choice keeps to all budgets, with the tolerance of the solver.
bool fits(const Groups& groups, const Choice& choice, std::span<const double> budgets);

// The winner: the proposal of least measured loss, the first of equals; NaN never wins over a
// number. At least one proposal.
std::size_t winner(std::span<const double> measured);

// Whether a measured loss is more than twice its forecast, less than half of it, or not a number.
bool off_forecast(double forecast, double measured);

// Indices of the `count` smallest forecast losses, in ascending order.
std::vector<std::size_t> most_promising(std::span<const double> forecasts, std::size_t count);

}  // namespace posittune::search
