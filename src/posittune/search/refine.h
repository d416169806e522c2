#pragma once

// From an allocation that sums of scores propose to one that is measured to be better: changes are
// proposed where the scores see little difference but could be wrong, and taken when a paired test
// says so.

#include <cstddef>
#include <functional>
#include <vector>

#include "posittune/search/baselines.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

// A candidate's measured loss minus that of the current allocation.
struct Verdict {
  double difference = 0, deviation = 0;  // standard error
  bool better = false;                   // surely
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

// Proposals are within the budgets, in the order of expected improvement: with d the expected
// difference and u its deviation, u (phi(z) - z (1 - Phi(z))), z = d / u. Each measurement changes
// what is expected of the groups it changed (belief.h). Of the single changes those are combined
// whose loss is nearest to what the multipliers of the budgets (the prices of the Lagrangian dual)
// ask for their costs. Beside these the optimum for the scores as they are expected now is
// proposed, whatever it changes. source of the criterion: D. Jones, M. Schonlau, W. Welch,
// "Efficient global optimization of expensive black-box functions", Journal of Global Optimization
// 13, 1998. Errors: those of `compare`.
Result<Refined> refine(const Groups& groups, const std::vector<double>& budgets, Choice start,
                       const Compare& compare, const RefineOptions& options = {});

}  // namespace posittune::search
