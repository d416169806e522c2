// Our solver for highs_test.py.
//
//   knapsack_driver FILE
//     FILE: one problem a line, {"loss": [[..] ..], "costs": [[[..] for each budget ..] ..],
//           "budgets": [..], "gap": ..}; loss[i][j], costs[k][i][j]
//
// prints, a line for each, {"choice": [..], "bound": .., "proven": .., "seconds": ..} or {"error":
// ..}

#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "posittune/search/knapsack.h"

namespace {

using namespace posittune;
using namespace posittune::search;
using nlohmann::json;

Problem problem_of(const json& input) {
  Problem problem;
  problem.budgets = input["budgets"].get<std::vector<double>>();
  const json &loss = input["loss"], &costs = input["costs"];
  for (std::size_t i = 0; i < loss.size(); ++i) {
    auto& group = problem.groups.emplace_back();
    for (std::size_t j = 0; j < loss[i].size(); ++j) {
      group.push_back({loss[i][j], {}});
      for (std::size_t k = 0; k < problem.budgets.size(); ++k) {
        group.back().costs.push_back(costs[k][i][j]);
      }
    }
  }
  return problem;
}

json solved(const json& input) {
  const Problem problem = problem_of(input);
  const auto start = std::chrono::steady_clock::now();
  const auto solution = solve(problem, {.relative_gap = input["gap"].get<double>()});
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (!solution) return {{"error", solution.error().message()}};
  return {{"choice", solution->choice},
          {"loss", solution->loss},
          {"bound", solution->bound},
          {"proven", solution->proven},
          {"seconds", time.count()}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: knapsack_driver FILE\n");
    return 2;
  }
  std::ifstream stream(arguments[1]);
  for (std::string line; std::getline(stream, line);) {
    std::printf("%s\n", solved(json::parse(line)).dump().c_str());
  }
  return 0;
}
