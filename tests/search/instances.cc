#include "tests/search/instances.h"

#include <algorithm>
#include <cmath>

namespace posittune::search::tests {
namespace {

Option random_option(std::mt19937_64& generator, Kind kind, std::size_t constraints, double weight,
                     double size) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::uniform_int_distribution<int> bits(3, 16), small(0, 6);
  Option option{0, std::vector<double>(constraints)};
  switch (kind) {
    case Kind::kFormats: {
      const int b = bits(generator);
      option.loss = weight * std::pow(4.0, -b) * (0.5 + uniform(generator));
      for (std::size_t k = 0; k < constraints; ++k) {
        option.costs[k] =
            k == 0 ? b * size : std::pow(b, 1.5) * weight * (0.5 + uniform(generator));
      }
      break;
    }
    case Kind::kIntegers:
      option.loss = small(generator);
      for (double& cost : option.costs) cost = small(generator);
      break;
    case Kind::kZeros:
      option.loss = uniform(generator) < 0.5 ? 0 : uniform(generator);
      for (double& cost : option.costs) cost = small(generator);
      break;
    case Kind::kSigned:
      option.loss = uniform(generator) - 0.5;
      for (double& cost : option.costs) cost = uniform(generator) - 0.5;
      break;
    case Kind::kExact:
    case Kind::kUniform:
      option.loss = uniform(generator);
      for (double& cost : option.costs) cost = uniform(generator);
      if (kind == Kind::kExact) option.loss = 2 - option.costs[0];
      break;
  }
  return option;
}

}  // namespace

Groups random_groups(std::mt19937_64& generator, Kind kind, Shape shape) {
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<std::size_t> count(1, shape.options);
  Groups groups(shape.groups);
  for (auto& group : groups) {
    const double weight = std::exp(2 * normal(generator));
    const double size = std::floor(1000 * std::exp(normal(generator))) + 1;
    for (std::size_t j = count(generator); j > 0; --j) {
      group.push_back(random_option(generator, kind, shape.constraints, weight, size));
    }
  }
  return groups;
}

std::vector<double> budgets_at(const Groups& groups, double part) {
  std::vector<double> budgets(groups[0][0].costs.size());
  for (std::size_t k = 0; k < budgets.size(); ++k) {
    for (const auto& group : groups) {
      const auto cost = [k](const Option& option) { return option.costs[k]; };
      const double least = cost(*std::ranges::min_element(group, {}, cost));
      budgets[k] += std::lerp(least, cost(*std::ranges::max_element(group, {}, cost)), part);
    }
  }
  return budgets;
}

void for_each_assignment(
    const Groups& groups,
    const std::function<void(double loss, const std::vector<double>& costs)>& visit) {
  std::vector<std::size_t> choice(groups.size(), 0);
  while (true) {
    double loss = 0;
    std::vector<double> costs(groups[0][0].costs.size(), 0);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      loss += groups[i][choice[i]].loss;
      for (std::size_t k = 0; k < costs.size(); ++k) costs[k] += groups[i][choice[i]].costs[k];
    }
    visit(loss, costs);
    std::size_t i = 0;
    while (i < groups.size() && ++choice[i] == groups[i].size()) choice[i++] = 0;
    if (i == groups.size()) return;
  }
}

double brute_force(const Problem& problem) {
  double least = std::numeric_limits<double>::infinity();
  for_each_assignment(problem.groups, [&](double loss, const std::vector<double>& costs) {
    for (std::size_t k = 0; k < costs.size(); ++k) {
      const double budget = problem.budgets[k];
      if (costs[k] > budget + kBudgetTolerance * std::abs(budget)) return;
    }
    least = std::min(least, loss);
  });
  return least;
}

}  // namespace posittune::search::tests
