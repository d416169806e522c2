#include "posittune/search/flatten.h"

#include <cmath>
#include <string>

namespace posittune::search {
namespace {

Error bad_option(std::size_t group, std::size_t option, std::string what, std::string expected,
                 std::string found) {
  return {.kind = ErrorKind::kInput,
          .what = std::move(what),
          .where = "group " + std::to_string(group) + ", option " + std::to_string(option),
          .expected = std::move(expected),
          .found = std::move(found)};
}

double widened(double budget) { return budget + kBudgetTolerance * std::abs(budget); }

template <class Costs>
Items flatten_costs(const Groups& groups, std::vector<double> budgets, Costs costs_of) {
  Items items;
  items.constraints = budgets.size();
  items.first.reserve(groups.size() + 1);
  for (const auto& group : groups) {
    for (std::size_t j = 0; j < group.size(); ++j) {
      items.loss.push_back(group[j].loss);
      items.source.push_back(static_cast<std::uint32_t>(j));
      costs_of(group[j], items.cost);
    }
    items.first.push_back(items.loss.size());
  }
  for (double& budget : budgets) budget = widened(budget);
  items.budget = std::move(budgets);
  return items;
}

}  // namespace

Status check_groups(const Groups& groups, std::size_t costs) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].empty()) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "a group without options",
                   .where = "group " + std::to_string(i)};
    }
    total += groups[i].size();
    for (std::size_t j = 0; j < groups[i].size(); ++j) {
      const Option& option = groups[i][j];
      if (!std::isfinite(option.loss)) {
        return bad_option(i, j, "a loss that is not finite", "a finite number",
                          std::to_string(option.loss));
      }
      if (option.costs.size() != costs) {
        return bad_option(i, j, "not one cost for each budget", std::to_string(costs) + " costs",
                          std::to_string(option.costs.size()));
      }
      for (const double cost : option.costs) {
        if (std::isfinite(cost)) continue;
        return bad_option(i, j, "a cost that is not finite", "a finite number",
                          std::to_string(cost));
      }
    }
  }
  if (total >= 0xffffffff) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "too many options",
                 .expected = "fewer than 2^32 in all",
                 .found = std::to_string(total)};
  }
  return success();
}

Items flatten(const Groups& groups, std::span<const double> budgets) {
  return flatten_costs(groups, {budgets.begin(), budgets.end()},
                       [](const Option& option, std::vector<double>& out) {
                         out.insert(out.end(), option.costs.begin(), option.costs.end());
                       });
}

Items flatten(const Groups& groups, std::size_t cost, double budget) {
  return flatten_costs(groups, {budget}, [cost](const Option& option, std::vector<double>& out) {
    out.push_back(option.costs[cost]);
  });
}

Solution solution_of(const Groups& groups, std::vector<std::size_t> choice) {
  long double loss = 0;
  std::vector<long double> costs(groups.empty() ? 0 : groups[0][0].costs.size(), 0);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Option& option = groups[i][choice[i]];
    loss += option.loss;
    for (std::size_t k = 0; k < costs.size(); ++k) costs[k] += option.costs[k];
  }
  Solution solution;
  solution.choice = std::move(choice);
  solution.loss = static_cast<double>(loss);
  solution.costs.assign(costs.begin(), costs.end());
  return solution;
}

std::vector<std::size_t> choice_of(const Items& items, const Assignment& assignment) {
  std::vector<std::size_t> choice(assignment.size());
  for (std::size_t i = 0; i < choice.size(); ++i) choice[i] = assignment[i] - items.first[i];
  return choice;
}

}  // namespace posittune::search
