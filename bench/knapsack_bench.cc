// The knapsack solver on problems like those of mixed-precision search: losses fall as 4^-bits
// times a lognormal weight, costs are bits times a lognormal size (and an energy), 30 % of the way
// from the least to the largest cost.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include "posittune/search/knapsack.h"

namespace {

using posittune::search::Option;
using posittune::search::Problem;

constexpr double kPart = 0.3;
constexpr double kEnergyPart = 0.18;  // so that both budgets bind

Problem formats_problem(std::size_t groups, std::size_t options, std::size_t budgets) {
  std::mt19937_64 generator(2022);
  std::normal_distribution<double> normal;
  Problem problem;
  problem.budgets.assign(budgets, 0);
  for (std::size_t i = 0; i < groups; ++i) {
    auto& group = problem.groups.emplace_back();
    const double weight = std::exp(2 * normal(generator));
    const double size = std::floor(1000 * std::exp(normal(generator)));
    const double energy = std::exp(normal(generator));
    for (std::size_t j = 0; j < options; ++j) {
      const double bits =
          3 + std::floor(13.0 * static_cast<double>(j) / static_cast<double>(options));
      Option option{weight * std::pow(4.0, -bits) * std::exp(0.3 * normal(generator)), {}};
      option.costs.push_back(size * bits + 16);
      if (budgets > 1) {
        option.costs.push_back(energy * size * std::pow(bits, 1.5) *
                               std::exp(0.2 * normal(generator)));
      }
      group.push_back(option);
    }
    for (std::size_t k = 0; k < budgets; ++k) {
      const auto cost = [k](const Option& option) { return option.costs[k]; };
      const double least = cost(*std::ranges::min_element(group, {}, cost));
      const double most = cost(*std::ranges::max_element(group, {}, cost));
      problem.budgets[k] += std::lerp(least, most, k == 0 ? kPart : kEnergyPart);
    }
  }
  return problem;
}

// Arguments: groups, options, budgets.
void knapsack(benchmark::State& state) {
  const Problem problem = formats_problem(static_cast<std::size_t>(state.range(0)),
                                          static_cast<std::size_t>(state.range(1)),
                                          static_cast<std::size_t>(state.range(2)));
  double gap = 0;
  for (auto _ : state) {
    const auto solution = posittune::search::solve(problem);
    if (!solution || !solution->proven) {
      state.SkipWithError("not solved");
      break;
    }
    gap = solution->gap();
  }
  state.counters["gap"] = gap;
}
BENCHMARK(knapsack)
    ->Args({500, 20, 1})
    ->Args({500, 20, 2})
    ->Args({100000, 8, 1})
    ->Args({100000, 8, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void front(benchmark::State& state) {
  const Problem problem = formats_problem(static_cast<std::size_t>(state.range(0)),
                                          static_cast<std::size_t>(state.range(1)), 1);
  for (auto _ : state) {
    if (!posittune::search::pareto_front(problem.groups, 0, 20)) {
      state.SkipWithError("not solved");
      break;
    }
  }
}
BENCHMARK(front)->Args({500, 20})->Args({100000, 8})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
