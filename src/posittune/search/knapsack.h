#pragma once

// Multiple-choice knapsack problem: one option for each group so that the sum of losses is least
// while every sum of costs stays within its budget.
//
//   minimise  sum_i loss[i][x_i]   subject to   sum_i cost_k[i][x_i] <= budget_k for every k
//
// Groups are layers or windows of channels, options their formats; nothing here knows that.
//
// Budgets are met up to rounding: a sum of costs may exceed its budget by 1e-12 of the budget
// (kBudgetTolerance). Integer costs whose sum is below 2^53 are added without rounding.
//
// Everything is deterministic, except that a limit of seconds stops at another place on another
// machine.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::search {

struct Option {
  double loss = 0;
  std::vector<double> costs;  // one for each budget
};

using Groups = std::vector<std::vector<Option>>;

struct Problem {
  Groups groups;
  std::vector<double> budgets;  // at least one; infinity: no limit
};

inline constexpr double kBudgetTolerance = 1e-12;
inline constexpr double kLeastGap = 1e-12;  // resolution of sums in double precision
inline constexpr std::size_t kMostConstraints = 8;

struct SolveOptions {
  double relative_gap = 1e-9;  // below this the solution counts as optimal; at least kLeastGap
  std::size_t max_states = std::size_t{1} << 20;  // partial assignments kept at a time
  double seconds = std::numeric_limits<double>::infinity();
};

struct Solution {
  std::vector<std::size_t> choice;  // option of each group
  double loss = 0;
  std::vector<double> costs;
  double objective = 0;  // value minimised: the loss; cheapest(): that cost
  double bound = 0;      // no assignment within the budgets has a smaller objective
  bool proven = false;   // gap() <= the larger of relative_gap and kLeastGap
  double gap() const;    // (objective - bound) / |objective|
};

// Solves for the least loss within all budgets. Errors:
//   kInput     a loss or cost that is not finite, options without a cost for every budget, a group
//              without options
//   kUsage     no budgets, a budget that is NaN, more than kMostConstraints; budgets that no
//              assignment meets: `expected` says the least possible cost
//   kResource  no assignment within several budgets found, nor proven that there is none, before a
//              limit was reached
//   kInterrupted
// When a limit is reached, the best assignment so far is the result, with proven = false and a
// valid bound.
Result<Solution> solve(const Problem& problem, const SolveOptions& options = {});

// The cheapest solution: least sum of costs[cost] for a sum of losses of at most max_loss
// (tolerance as for budgets). Errors as solve(); kUsage when even the least loss is larger.
Result<Solution> cheapest(const Groups& groups, std::size_t cost, double max_loss,
                          const SolveOptions& options = {});

// The lower convex hull of all (cost, loss) pairs of assignments: its vertices from the least cost
// to the least loss. Each is the optimum for its own cost; solve() finds the optima between them.
struct Hull {
  struct Step {
    std::uint32_t group = 0, option = 0;  // the assignment before with this group changed
    double cost = 0, loss = 0;            // after the change
  };
  std::vector<std::size_t> start;  // the cheapest assignment
  double cost = 0, loss = 0;       // at this vertex
  std::vector<Step> steps;         // sorted by loss saved per cost, best first
  // The choice after the first `count` steps. Groups with equal slopes change in consecutive steps,
  // of which only the last is a vertex; the others lie on an edge.
  std::vector<std::size_t> choice_after(std::size_t count) const;
};
Result<Hull> lagrangian_hull(const Groups& groups, std::size_t cost);

// The Pareto front: optima, by solve(), for `points` budgets of costs[cost], spread evenly from the
// least possible cost to the cost of the least loss. In the order of cost, each once.
Result<std::vector<Solution>> pareto_front(const Groups& groups, std::size_t cost,
                                           std::size_t points, const SolveOptions& options = {});

}  // namespace posittune::search
