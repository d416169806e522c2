// The lower convex hull of all assignments is the sum of the hulls of the groups: their edges in
// order of slope. reference: P. Sinha, A. A. Zoltners, "The multiple-choice knapsack problem",
// Operations Research 27, 1979.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "posittune/base/interrupt.h"
#include "posittune/search/flatten.h"
#include "posittune/search/knapsack.h"
#include "posittune/search/minimize.h"

namespace posittune::search {
namespace {

using Group = std::vector<Option>;

double slope(const Group& group, std::size_t cost, std::size_t from, std::size_t to) {
  return (group[to].loss - group[from].loss) / (group[to].costs[cost] - group[from].costs[cost]);
}

// Options on the lower hull, from the cheapest to that of least loss; slopes rise strictly.
std::vector<std::size_t> hull_of(const Group& group, std::size_t cost) {
  std::vector<std::size_t> order(group.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const double x = group[a].costs[cost], y = group[b].costs[cost];
    return x != y ? x < y : group[a].loss < group[b].loss;
  });
  std::vector<std::size_t> hull;
  for (const std::size_t j : order) {
    if (!hull.empty() && group[j].loss >= group[hull.back()].loss) continue;
    while (hull.size() > 1 && slope(group, cost, hull.back(), j) <=
                                  slope(group, cost, hull[hull.size() - 2], hull.back())) {
      hull.pop_back();
    }
    hull.push_back(j);
  }
  return hull;
}

struct Edge {
  double slope = 0;
  std::uint32_t group = 0, from = 0, to = 0;
};

Status check(const Groups& groups, std::size_t cost) {
  const std::size_t costs =
      groups.empty() || groups[0].empty() ? cost + 1 : groups[0][0].costs.size();
  if (const Status status = check_groups(groups, costs); !status) return status.error();
  if (cost < costs) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "no such cost",
               .expected = "one of " + std::to_string(costs),
               .found = std::to_string(cost)};
}

}  // namespace

std::vector<std::size_t> Hull::choice_after(std::size_t count) const {
  std::vector<std::size_t> choice = start;
  for (std::size_t s = 0; s < std::min(count, steps.size()); ++s) {
    choice[steps[s].group] = steps[s].option;
  }
  return choice;
}

Result<Hull> lagrangian_hull(const Groups& groups, std::size_t cost) {
  if (const Status status = check(groups, cost); !status) return status.error();
  Hull result;
  std::vector<Edge> edges;
  long double cost_sum = 0, loss_sum = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::vector<std::size_t> hull = hull_of(groups[i], cost);
    result.start.push_back(hull[0]);
    cost_sum += groups[i][hull[0]].costs[cost];
    loss_sum += groups[i][hull[0]].loss;
    for (std::size_t v = 1; v < hull.size(); ++v) {
      edges.push_back({slope(groups[i], cost, hull[v - 1], hull[v]), static_cast<std::uint32_t>(i),
                       static_cast<std::uint32_t>(hull[v - 1]),
                       static_cast<std::uint32_t>(hull[v])});
    }
  }
  std::ranges::stable_sort(edges, {}, &Edge::slope);
  result.cost = static_cast<double>(cost_sum);
  result.loss = static_cast<double>(loss_sum);
  for (const Edge& edge : edges) {
    const Group& group = groups[edge.group];
    cost_sum += static_cast<long double>(group[edge.to].costs[cost]) - group[edge.from].costs[cost];
    loss_sum += static_cast<long double>(group[edge.to].loss) - group[edge.from].loss;
    result.steps.push_back(
        {edge.group, edge.to, static_cast<double>(cost_sum), static_cast<double>(loss_sum)});
  }
  return result;
}

Result<std::vector<Solution>> pareto_front(const Groups& groups, std::size_t cost,
                                           std::size_t points, const SolveOptions& options) {
  const auto hull = lagrangian_hull(groups, cost);
  if (!hull) return hull.error();
  if (points < 2) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a front needs two points or more",
                 .found = std::to_string(points)};
  }
  std::vector<Solution> front;
  const double least = hull->cost, most = hull->steps.empty() ? least : hull->steps.back().cost;
  const Limits limits = limits_of(options);
  Items items = flatten(groups, cost, 0);
  for (std::size_t p = 0; p < points; ++p) {
    const double part = static_cast<double>(p) / static_cast<double>(points - 1);
    const double budget = p + 1 == points ? most : std::lerp(least, most, part);
    items.budget[0] = budget + kBudgetTolerance * std::abs(budget);
    const Minimum minimum = minimize(items, limits);
    if (const Status status = check_interrupt(); !status) return status.error();
    if (!minimum.assignment) {  // the least cost is always within the budget
      return Error{.what = "no assignment of least cost", .where = "pareto_front"};
    }
    Solution solution = solution_of(groups, choice_of(items, *minimum.assignment));
    if (!front.empty() && solution.loss >= front.back().loss) continue;
    solution.objective = solution.loss;
    solution.bound = std::min(minimum.bound, solution.loss);
    solution.proven = minimum.proven;
    front.push_back(std::move(solution));
  }
  return front;
}

}  // namespace posittune::search
