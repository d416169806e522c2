#include "posittune/search/contest.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace posittune::search {

bool fits(const Groups& groups, const Choice& choice, std::span<const double> budgets) {
  for (std::size_t k = 0; k < budgets.size(); ++k) {
    long double sum = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) sum += groups[g][choice[g]].costs[k];
    if (sum > budgets[k] + kBudgetTolerance * std::abs(budgets[k])) return false;
  }
  return true;
}

std::size_t winner(std::span<const double> measured) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < measured.size(); ++i) {
    if (measured[i] < measured[best] || (std::isnan(measured[best]) && !std::isnan(measured[i])))
      best = i;
  }
  return best;
}

bool off_forecast(double forecast, double measured) {
  return !(measured <= 2 * forecast && 2 * measured >= forecast);
}

std::vector<std::size_t> most_promising(std::span<const double> forecasts, std::size_t count) {
  std::vector<std::size_t> order(forecasts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return std::isnan(forecasts[i]); });
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return forecasts[i]; });
  order.resize(std::min(count, order.size()));
  return order;
}

}  // namespace posittune::search
