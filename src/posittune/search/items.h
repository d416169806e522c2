#pragma once

// Items of a knapsack problem in flat arrays, and reductions that lose no optimum.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace posittune::search {

struct Items {
  std::size_t constraints = 0;
  std::vector<std::size_t> first = {0};  // group i has items first[i] .. first[i + 1] - 1
  std::vector<double> loss;              // [item]
  std::vector<double> cost;              // item j has its costs at j * constraints and after
  std::vector<std::uint32_t> source;     // [item]: option of its group
  std::vector<double> budget;

  std::size_t groups() const { return first.size() - 1; }
  std::span<const double> costs(std::size_t item) const {
    return {cost.data() + item * constraints, constraints};
  }
};

// An assignment: one item for each group, numbered over all groups.
using Assignment = std::vector<std::uint32_t>;

struct Totals {
  double loss = 0;
  std::vector<double> costs;
};
Totals totals(const Items& items, const Assignment& assignment);  // summed in extended precision
bool within_budgets(const Items& items, const Totals& totals);

// The least costs: for each constraint the least cost of a group, summed over groups.
std::vector<double> least_costs(const Items& items);

// A reduced problem, equivalent, whose losses and costs are relative to the least of their group:
//   - items that another of their group dominates (no more loss and no more of any cost) are gone,
//     of equal ones all but the first
//   - constraints that no assignment violates are gone
//   - items that alone exceed what a budget leaves are gone, unless all of their group do
//   - a budget of integer costs is rounded down to a multiple of their common divisor
// `source` refers to the items given, relative to the first of their group. A budget below zero
// says that it cannot be met.
struct Reduced {
  Items items;
  double loss_floor = 0;  // constant to add to losses
};
Reduced reduce(const Items& items);

}  // namespace posittune::search
