#pragma once

// Refinement of an allocation by measurements: changes are proposed where the scores differ little
// and could be wrong, and taken when a paired test shows that they are better.

#include <cstddef>
#include <functional>
#include <vector>

#include "posittune/search/baselines.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// A verdict: a candidate's measured loss minus that of the current allocation.
struct Verdict {
  double difference = 0, deviation = 0;  // standard error
  bool better = false;                   // verdict of the paired test
};
using Compare = std::function<Result<Verdict>(const Choice& candidate, const Choice& current)>;

struct RefineOptions {
  std::size_t trials = 16;
  double uncertainty = 0.3;  // standard deviation of a score, as a part of it
};

struct RefineStep {
  std::vector<Change> changes;
  double predicted = 0;  // difference by the scores
  Verdict verdict;
};

struct Refined {
  Choice choice;
  std::vector<RefineStep> steps;  // all trials, in order
};

// Refines `start`. Proposals are within the budgets, in the order of expected improvement: with d
// the expected difference and u its deviation, u (phi(z) - z (1 - Phi(z))), z = d / u. Each
// measurement updates the expectations of the groups it changed (belief.h). Proposals combine the
// single changes whose loss is nearest to the price of their costs (the prices of the Lagrangian
// dual); the optimum for the scores as they are expected now is proposed too. source of the
// criterion: D. Jones, M. Schonlau, W. Welch, "Efficient global optimization of expensive black-box
// functions", Journal of Global Optimization 13, 1998. Errors: those of `compare`.
Result<Refined> refine(const Groups& groups, const std::vector<double>& budgets, Choice start,
                       const Compare& compare, const RefineOptions& options = {});

}  // namespace posittune::search
