#include "posittune/search/knapsack.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "posittune/base/digits.h"
#include "posittune/base/interrupt.h"
#include "posittune/search/flatten.h"
#include "posittune/search/minimize.h"

namespace posittune::search {
namespace {

Status check_budgets(const std::vector<double>& budgets) {
  if (budgets.empty() || budgets.size() > kMostConstraints) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not a number of budgets that can be solved",
                 .expected = "1 to " + std::to_string(kMostConstraints),
                 .found = std::to_string(budgets.size())};
  }
  for (std::size_t k = 0; k < budgets.size(); ++k) {
    if (std::isnan(budgets[k])) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a budget that is not a number",
                   .where = "budget " + std::to_string(k)};
    }
  }
  return success();
}

Error too_small(std::string where, double least, double found) {
  return {.kind = ErrorKind::kUsage,
          .what = "a budget that no assignment meets",
          .where = std::move(where),
          .expected = "at least " + digits(least),
          .found = digits(found)};
}

// Each budget can be met alone, but not all of them together.
Error too_small_together(const Items& items, const std::vector<double>& budgets,
                         const Limits& limits) {
  Error error{.kind = ErrorKind::kUsage, .what = "budgets that no assignment meets together"};
  for (std::size_t k = 0; k < budgets.size(); ++k) {
    error.found += (k == 0 ? "" : ", ") + digits(budgets[k]);
    const Minimum least = minimize(cost_as_loss(items, k), limits);
    if (!least.assignment) continue;
    error.expected += (error.expected.empty() ? "" : ", or ") + ("budget " + std::to_string(k)) +
                      " at least " + digits(least.proven ? least.loss : least.bound);
  }
  if (!error.expected.empty()) error.expected += " beside the others";
  return error;
}

Result<Minimum> checked_minimum(const Items& items, const std::vector<double>& budgets,
                                const Limits& limits, std::string_view name) {
  const std::vector<double> least = least_costs(items);
  for (std::size_t k = 0; k < least.size(); ++k) {
    if (least[k] <= items.budget[k]) continue;
    const std::string number_of = least.size() > 1 ? " " + std::to_string(k) : "";
    return too_small(std::string(name) + number_of, least[k], budgets[k]);
  }
  Minimum minimum = minimize(items, limits);
  if (const Status status = check_interrupt(); !status) return status.error();
  if (minimum.assignment) return minimum;
  if (minimum.proven) return too_small_together(items, budgets, limits);
  return Error{.kind = ErrorKind::kResource,
               .what = "no assignment within all budgets found, and no proof that there is none",
               .hint = "allow more states or seconds, or a larger budget"};
}

}  // namespace

double Solution::gap() const {
  const double difference = objective - bound;
  return difference <= 0 ? 0 : difference / std::abs(objective);
}

Result<Solution> solve(const Problem& problem, const SolveOptions& options) {
  if (const Status status = check_budgets(problem.budgets); !status) return status.error();
  const Groups& groups = problem.groups;
  if (const Status status = check_groups(groups, problem.budgets.size()); !status) {
    return status.error();
  }
  const Items items = flatten(groups, problem.budgets);
  const auto minimum = checked_minimum(items, problem.budgets, limits_of(options), "budget");
  if (!minimum) return minimum.error();
  Solution solution = solution_of(groups, choice_of(items, *minimum->assignment));
  solution.costs.resize(problem.budgets.size());  // without groups too
  solution.objective = solution.loss;
  solution.bound = std::min(minimum->bound, solution.loss);
  solution.proven = minimum->proven;
  return solution;
}

Result<Solution> cheapest(const Groups& groups, std::size_t cost, double max_loss,
                          const SolveOptions& options) {
  const std::size_t costs =
      groups.empty() || groups[0].empty() ? cost + 1 : groups[0][0].costs.size();
  if (const Status status = check_groups(groups, costs); !status) return status.error();
  if (cost >= costs || std::isnan(max_loss)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not a cost and a largest loss",
                 .expected = "one of " + std::to_string(costs) + " costs, and a number",
                 .found = std::to_string(cost) + " and " + digits(max_loss)};
  }
  Items items = flatten(groups, cost, max_loss);
  std::swap(items.loss, items.cost);
  const auto minimum = checked_minimum(items, {max_loss}, limits_of(options), "largest loss");
  if (!minimum) return minimum.error();
  Solution solution = solution_of(groups, choice_of(items, *minimum->assignment));
  solution.costs.resize(costs);
  solution.objective = solution.costs[cost];
  solution.bound = std::min(minimum->bound, solution.objective);
  solution.proven = minimum->proven;
  return solution;
}

}  // namespace posittune::search
