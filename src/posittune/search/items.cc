#include "posittune/search/items.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace posittune::search {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

// Keeps the items and constraints that are marked.
Items select(const Items& items, const std::vector<char>& keep_item,
             const std::vector<std::size_t>& constraints) {
  Items kept;
  kept.constraints = constraints.size();
  kept.first.reserve(items.first.size());
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      if (keep_item[j] == 0) continue;
      kept.loss.push_back(items.loss[j]);
      kept.source.push_back(items.source[j]);
      for (const std::size_t k : constraints) kept.cost.push_back(items.costs(j)[k]);
    }
    kept.first.push_back(kept.loss.size());
  }
  for (const std::size_t k : constraints) kept.budget.push_back(items.budget[k]);
  return kept;
}

bool dominates(const Items& items, std::size_t a, std::size_t b) {
  if (items.loss[a] > items.loss[b]) return false;
  bool equal = items.loss[a] == items.loss[b];
  for (std::size_t k = 0; k < items.constraints; ++k) {
    const double x = items.costs(a)[k], y = items.costs(b)[k];
    if (x > y) return false;
    equal = equal && x == y;
  }
  return !equal || a < b;
}

std::vector<char> not_dominated(const Items& items) {
  std::vector<char> keep(items.loss.size(), 1);
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t b = items.first[i]; b < items.first[i + 1]; ++b) {
      for (std::size_t a = items.first[i]; a < items.first[i + 1] && keep[b] != 0; ++a) {
        // What a dominates, what dominates a dominates too: it need not be there itself.
        if (a != b && keep[a] != 0 && dominates(items, a, b)) keep[b] = 0;
      }
    }
  }
  return keep;
}

std::vector<std::size_t> all_constraints(const Items& items) {
  std::vector<std::size_t> all(items.constraints);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

Items without_dominated(const Items& items) {
  return select(items, not_dominated(items), all_constraints(items));
}

// Subtracts each group's least; returns the sum of those of the losses.
double make_relative(Items& items) {
  std::vector<long double> cost_floor(items.constraints, 0);
  long double loss_floor = 0;
  for (std::size_t i = 0; i < items.groups(); ++i) {
    const std::size_t begin = items.first[i], end = items.first[i + 1];
    const double least = *std::min_element(items.loss.begin() + static_cast<std::ptrdiff_t>(begin),
                                           items.loss.begin() + static_cast<std::ptrdiff_t>(end));
    loss_floor += least;
    for (std::size_t j = begin; j < end; ++j) items.loss[j] -= least;
    for (std::size_t k = 0; k < items.constraints; ++k) {
      double cheapest = std::numeric_limits<double>::infinity();
      for (std::size_t j = begin; j < end; ++j) cheapest = std::min(cheapest, items.costs(j)[k]);
      cost_floor[k] += cheapest;
      for (std::size_t j = begin; j < end; ++j) items.cost[j * items.constraints + k] -= cheapest;
    }
  }
  for (std::size_t k = 0; k < items.constraints; ++k) {
    items.budget[k] = static_cast<double>(items.budget[k] - cost_floor[k]);
  }
  return static_cast<double>(loss_floor);
}

std::vector<double> most_costs(const Items& items) {
  std::vector<double> sums(items.constraints, 0);
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t k = 0; k < items.constraints; ++k) {
      double most = -std::numeric_limits<double>::infinity();
      for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
        most = std::max(most, items.costs(j)[k]);
      }
      sums[k] += most;
    }
  }
  return sums;
}

void drop_too_expensive(Items& items) {
  std::vector<char> keep(items.loss.size(), 1);
  for (std::size_t i = 0; i < items.groups(); ++i) {
    bool any = false;
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      for (std::size_t k = 0; k < items.constraints; ++k) {
        if (items.costs(j)[k] > items.budget[k]) keep[j] = 0;
      }
      any = any || keep[j] != 0;
    }
    if (any) continue;
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) keep[j] = 1;
  }
  items = select(items, keep, all_constraints(items));
}

void drop_slack_constraints(Items& items) {
  const std::vector<double> most = most_costs(items);
  std::vector<std::size_t> binding;
  for (std::size_t k = 0; k < items.constraints; ++k) {
    if (most[k] > items.budget[k]) binding.push_back(k);
  }
  if (binding.size() == items.constraints) return;
  items = without_dominated(select(items, std::vector<char>(items.loss.size(), 1), binding));
}

// 0 when a cost is no integer.
std::uint64_t common_divisor(const Items& items, std::size_t k) {
  std::uint64_t divisor = 0;
  for (std::size_t j = 0; j < items.loss.size(); ++j) {
    const double cost = items.costs(j)[k];
    if (cost != std::floor(cost) || cost >= kExactIntegers) return 0;
    if (divisor != 1) divisor = std::gcd(divisor, static_cast<std::uint64_t>(cost));
  }
  return divisor;
}

void round_budgets(Items& items) {
  const std::vector<double> most = most_costs(items);
  for (std::size_t k = 0; k < items.constraints; ++k) {
    if (most[k] >= kExactIntegers || items.budget[k] < 0) continue;
    const auto divisor = static_cast<double>(common_divisor(items, k));
    if (divisor > 0) items.budget[k] = std::floor(items.budget[k] / divisor) * divisor;
  }
}

}  // namespace

Totals totals(const Items& items, const Assignment& assignment) {
  long double loss = 0;
  std::vector<long double> costs(items.constraints, 0);
  for (const std::uint32_t j : assignment) {
    loss += items.loss[j];
    for (std::size_t k = 0; k < items.constraints; ++k) costs[k] += items.costs(j)[k];
  }
  return {static_cast<double>(loss), {costs.begin(), costs.end()}};
}

bool within_budgets(const Items& items, const Totals& sums) {
  for (std::size_t k = 0; k < items.constraints; ++k) {
    if (!(sums.costs[k] <= items.budget[k])) return false;
  }
  return true;
}

std::vector<double> least_costs(const Items& items) {
  std::vector<long double> sums(items.constraints, 0);
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t k = 0; k < items.constraints; ++k) {
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
        least = std::min(least, items.costs(j)[k]);
      }
      sums[k] += least;
    }
  }
  return {sums.begin(), sums.end()};
}

Reduced reduce(const Items& given) {
  Items items = given;
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      items.source[j] = static_cast<std::uint32_t>(j - items.first[i]);
    }
  }
  items = without_dominated(items);
  double loss_floor = make_relative(items);
  drop_too_expensive(items);
  drop_slack_constraints(items);
  loss_floor += make_relative(items);  // the least of a group may have gone
  round_budgets(items);
  return {std::move(items), loss_floor};
}

}  // namespace posittune::search
