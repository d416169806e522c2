#include "posittune/search/baselines.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "posittune/base/mix.h"

namespace posittune::search {
namespace {

std::vector<std::size_t> drawn_order(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto lot = [&](std::size_t i) { return mix((i + 1) * kGolden + seed); };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return lot(a) < lot(b); });
  return order;
}

// A choice and the budget it leaves. A sum of double costs is exact for bits below 2^53; others are
// met up to the tolerance of knapsack.h.
class Spending {
 public:
  Spending(const Groups& groups, std::size_t cost, double budget, Choice choice)
      : groups_(groups),
        cost_(cost),
        limit_(budget + kBudgetTolerance * std::abs(budget)),
        choice_(std::move(choice)) {
    for (std::size_t g = 0; g < groups.size(); ++g) spent_ += cost_of(g, choice_[g]);
  }

  double cost_of(std::size_t group, std::size_t option) const {
    return groups_[group][option].costs[cost_];
  }
  double added(std::size_t group, std::size_t option) const {
    return cost_of(group, option) - cost_of(group, choice_[group]);
  }
  bool fits(std::size_t group, std::size_t option) const {
    return static_cast<double>(spent_ + added(group, option)) <= limit_;
  }
  bool within() const { return static_cast<double>(spent_) <= limit_; }
  std::size_t operator[](std::size_t group) const { return choice_[group]; }
  void take(std::size_t group, std::size_t option) {
    spent_ += added(group, option);
    choice_[group] = option;
  }

  // The most expensive option that fits; of equal costs the one of least loss.
  void take_most_expensive(std::size_t group) {
    const auto& options = groups_[group];
    std::size_t best = choice_[group];
    for (std::size_t j = 0; j < options.size(); ++j) {
      if (!fits(group, j)) continue;
      const double more = cost_of(group, j) - cost_of(group, best);
      if (more > 0 || (more == 0 && options[j].loss < options[best].loss)) best = j;
    }
    take(group, best);
  }

  Choice choice() && { return std::move(choice_); }

 private:
  const Groups& groups_;
  std::size_t cost_;
  double limit_;
  Choice choice_;
  long double spent_ = 0;
};

// Options of a group in order of cost, of equal costs the one of least loss first.
std::vector<std::size_t> by_cost(const std::vector<Option>& options, std::size_t cost) {
  std::vector<std::size_t> order(options.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(options[a].costs[cost], options[a].loss) <
           std::pair(options[b].costs[cost], options[b].loss);
  });
  return order;
}

}  // namespace

Choice cheapest_choice(const Groups& groups, std::size_t cost) {
  Choice choice;
  for (const auto& options : groups) choice.push_back(by_cost(options, cost).front());
  return choice;
}

Choice random_choice(const Groups& groups, std::size_t cost, double budget, std::uint64_t seed) {
  Spending spending(groups, cost, budget, cheapest_choice(groups, cost));
  std::vector<std::size_t> open(groups.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (std::uint64_t draw = 1; !open.empty(); ++draw) {
    const std::size_t at = mix(draw * kGolden + seed) % open.size(), g = open[at];
    const auto order = by_cost(groups[g], cost);
    const auto next =
        std::ranges::find_if(order, [&](std::size_t j) { return spending.added(g, j) > 0; });
    if (next != order.end() && spending.fits(g, *next)) {
      spending.take(g, *next);
    } else {
      open[at] = open.back();
      open.pop_back();
    }
  }
  return std::move(spending).choice();
}

Choice choice_by_size(const Groups& groups, std::size_t cost, double budget,
                      std::span<const double> sizes) {
  Spending spending(groups, cost, budget, cheapest_choice(groups, cost));
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  for (const std::size_t g : order) spending.take_most_expensive(g);
  return std::move(spending).choice();
}

Choice choice_by_sqnr(const Groups& groups, std::size_t cost, double budget,
                      const std::vector<std::vector<double>>& sqnr) {
  Spending spending(groups, cost, budget, cheapest_choice(groups, cost));
  std::multimap<double, std::size_t> waiting;  // by ratio now
  for (std::size_t g = 0; g < groups.size(); ++g) waiting.emplace(sqnr[g][spending[g]], g);
  while (!waiting.empty()) {
    const std::size_t g = waiting.begin()->second;
    waiting.erase(waiting.begin());
    for (const std::size_t j : by_cost(groups[g], cost)) {
      if (spending.added(g, j) <= 0 || !(sqnr[g][j] > sqnr[g][spending[g]])) continue;
      if (!spending.fits(g, j)) break;  // more expensive ones do not fit either
      spending.take(g, j);
      waiting.emplace(sqnr[g][j], g);
      break;
    }
  }
  return std::move(spending).choice();
}

Choice choice_by_pareto_list(const Groups& groups, std::size_t cost, double budget) {
  Choice most_expensive;
  std::vector<std::pair<double, Change>> list;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto order = by_cost(groups[g], cost);
    most_expensive.push_back(order.back());
    for (std::size_t j = 0; j < groups[g].size(); ++j) list.push_back({groups[g][j].loss, {g, j}});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Spending spending(groups, cost, budget, std::move(most_expensive));
  for (const auto& [loss, change] : list) {
    if (spending.within()) break;
    if (spending.added(change.group, change.option) < 0) spending.take(change.group, change.option);
  }
  return std::move(spending).choice();
}

Choice choice_by_order(const Groups& groups, std::size_t cost, double budget, Choice start,
                       std::span<const Change> order) {
  Spending spending(groups, cost, budget, std::move(start));
  for (const Change& change : order) {
    if (spending.fits(change.group, change.option)) spending.take(change.group, change.option);
  }
  return std::move(spending).choice();
}

Groups with_shuffled_losses(const Groups& groups, std::uint64_t seed) {
  std::map<std::size_t, std::vector<std::size_t>> alike;  // by number of options
  for (std::size_t g = 0; g < groups.size(); ++g) alike[groups[g].size()].push_back(g);
  Groups shuffled = groups;
  for (const auto& [options, members] : alike) {
    const auto order = drawn_order(members.size(), seed);
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = 0; j < options; ++j)
        shuffled[members[i]][j].loss = groups[members[order[i]]][j].loss;
    }
  }
  return shuffled;
}

namespace {

// The best choice for other losses.
Result<Choice> solved(Groups groups, double budget) {
  for (auto& options : groups) {
    for (Option& option : options) option.costs.resize(1);
  }
  auto solution = solve({std::move(groups), {budget}});
  if (!solution) return solution.error();
  return std::move(solution->choice);
}

constexpr Rule kRules[] = {
    {"random",
     [](const RuleInputs& in) -> Result<Choice> {
       return random_choice(in.groups, 0, in.budget, in.seed);
     }},
    {"small layers first",
     [](const RuleInputs& in) -> Result<Choice> {
       return choice_by_size(in.groups, 0, in.budget, in.sizes);
     }},
    {"greedy by SQNR",
     [](const RuleInputs& in) -> Result<Choice> {
       return choice_by_sqnr(in.groups, 0, in.budget, in.sqnr);
     }},
    {"AIMET list",
     [](const RuleInputs& in) -> Result<Choice> {
       return choice_by_pareto_list(in.groups, 0, in.budget);
     }},
    {"HAWQ-like order", [](const RuleInputs& in) { return solved(in.trace, in.budget); }},
    {"shuffled scores",
     [](const RuleInputs& in) {
       return solved(with_shuffled_losses(in.groups, in.seed), in.budget);
     }},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace posittune::search
