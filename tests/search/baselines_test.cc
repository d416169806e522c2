#include "posittune/search/baselines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <set>
#include <vector>

#include "tests/search/instances.h"

namespace posittune::search {
namespace {

using tests::Kind;

double cost_of(const Groups& groups, const Choice& choice, std::size_t cost) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) sum += groups[g][choice[g]].costs[cost];
  return sum;
}

double loss_of(const Groups& groups, const Choice& choice) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) sum += groups[g][choice[g]].loss;
  return sum;
}

std::vector<double> sizes_of(const Groups& groups) {
  std::vector<double> sizes;
  for (const auto& group : groups) sizes.push_back(group.front().costs[0]);
  return sizes;
}

std::vector<std::vector<double>> ratios_of(const Groups& groups) {
  std::vector<std::vector<double>> ratios;
  for (const auto& group : groups) {
    ratios.emplace_back();
    for (const Option& option : group) ratios.back().push_back(-option.loss);
  }
  return ratios;
}

using Allocate = std::function<Choice(const Groups&, std::size_t, double)>;

std::vector<Allocate> allocations() {
  return {
      [](const Groups& g, std::size_t k, double b) { return random_choice(g, k, b, 5); },
      [](const Groups& g, std::size_t k, double b) { return choice_by_size(g, k, b, sizes_of(g)); },
      [](const Groups& g, std::size_t k, double b) {
        return choice_by_sqnr(g, k, b, ratios_of(g));
      },
      [](const Groups& g, std::size_t k, double b) { return choice_by_pareto_list(g, k, b); },
      [](const Groups& g, std::size_t k, double b) {
        std::vector<Change> order;
        for (std::size_t i = 0; i < g.size(); ++i) order.push_back({i, g[i].size() - 1});
        return choice_by_order(g, k, b, cheapest_choice(g, k), order);
      }};
}

// Every rule keeps to every budget that can be kept, and is no better than the optimum.
TEST(Baselines, KeepToTheBudget) {
  std::mt19937_64 generator(3);
  for (const Kind kind : {Kind::kFormats, Kind::kUniform, Kind::kIntegers}) {
    for (int i = 0; i < 30; ++i) {
      const Groups groups = random_groups(generator, kind, {12, 6, 2});
      for (const double part : {0.0, 0.1, 0.5, 0.9, 1.0}) {
        const double budget = tests::budgets_at(groups, part)[1];
        Problem problem{groups, {std::numeric_limits<double>::infinity(), budget}};
        const auto best = solve(problem);
        for (const Allocate& allocate : allocations()) {
          const Choice choice = allocate(groups, 1, budget);
          ASSERT_EQ(choice.size(), groups.size());
          EXPECT_LE(cost_of(groups, choice, 1), budget * (1 + 1e-9));
          if (best) {
            EXPECT_GE(loss_of(groups, choice), best->loss * (1 - 1e-9));
          }
        }
      }
    }
  }
}

// As a search calls them.
TEST(Baselines, EachRuleKeepsToTheBudget) {
  std::mt19937_64 generator(11);
  const Groups groups = random_groups(generator, Kind::kFormats, {15, 5, 2});
  const auto sizes = sizes_of(groups);
  const auto ratios = ratios_of(groups);
  double least = 0, most = 0;
  for (const auto& options : groups) {
    const auto [low, high] =
        std::ranges::minmax(options, {}, [](const Option& option) { return option.costs[0]; });
    least += low.costs[0];
    most += high.costs[0];
  }
  const double budget = (least + most) / 2;
  std::set<std::string_view> names;
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    const auto choice = rule.choose({groups, budget, sizes, ratios, groups, 1});
    ASSERT_TRUE(choice.ok()) << rule.name;
    ASSERT_EQ(choice->size(), groups.size()) << rule.name;
    double cost = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) cost += groups[g][(*choice)[g]].costs[0];
    EXPECT_LE(cost, budget * (1 + 1e-9)) << rule.name;
    EXPECT_GT(cost, least) << rule.name;
  }
  EXPECT_EQ(names.size(), 6U);
}

TEST(Baselines, BelowTheLeastCostTheCheapest) {
  std::mt19937_64 generator(4);
  const Groups groups = random_groups(generator, Kind::kFormats, {9, 5, 1});
  const Choice cheapest = cheapest_choice(groups, 0);
  for (const Allocate& allocate : allocations()) {
    EXPECT_EQ(cost_of(groups, allocate(groups, 0, 0), 0), cost_of(groups, cheapest, 0));
  }
}

// Three layers of sizes 1, 2 and 4 with 4, 6 and 8 bits.
Groups three_layers() {
  Groups groups;
  for (const double size : {1.0, 2.0, 4.0})
    groups.push_back({{9 * size, {4 * size}}, {3 * size, {6 * size}}, {1 * size, {8 * size}}});
  return groups;
}

TEST(Baselines, BySizeSmallFirst) {
  EXPECT_EQ(choice_by_size(three_layers(), 0, 28 + 4 + 4, std::vector<double>{1, 2, 4}),
            (Choice{2, 1, 0}));
  EXPECT_EQ(choice_by_size(three_layers(), 0, 28 + 12, std::vector<double>{1, 2, 4}),
            (Choice{2, 2, 0}));
}

TEST(Baselines, BySqnrTheWorstFirst) {
  const std::vector<std::vector<double>> ratios = {{20, 30, 40}, {10, 22, 34}, {15, 27, 39}};
  // Group 1 from 10 to 22; then group 2 from 15 would cost 8 more, which does not fit; group 0.
  EXPECT_EQ(choice_by_sqnr(three_layers(), 0, 28 + 4 + 2, ratios), (Choice{1, 1, 0}));
}

TEST(Baselines, ParetoListTakesTheLeastHarmFirst) {
  // Ascending losses: (0, 8 bits), (1, 8), (0, 6) -> taken, saving 2 ...
  EXPECT_EQ(choice_by_pareto_list(three_layers(), 0, 56 - 2), (Choice{1, 2, 2}));
  EXPECT_EQ(choice_by_pareto_list(three_layers(), 0, 56 - 6), (Choice{1, 1, 2}));
}

TEST(Baselines, RandomDependsOnTheSeedOnly) {
  std::mt19937_64 generator(5);
  const Groups groups = random_groups(generator, Kind::kFormats, {20, 6, 1});
  const double budget = tests::budgets_at(groups, 0.4)[0];
  std::set<Choice> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    seen.insert(random_choice(groups, 0, budget, seed));
    EXPECT_EQ(random_choice(groups, 0, budget, seed), random_choice(groups, 0, budget, seed));
  }
  EXPECT_GT(seen.size(), 8U);
}

// Honesty control: a search on losses that were dealt out anew is no better than chance, the search
// on the true ones is.
TEST(Baselines, ShuffledLossesAreNoBetterThanRandom) {
  std::mt19937_64 generator(6);
  double shuffled = 0, random = 0, searched = 0;
  for (int i = 0; i < 40; ++i) {
    // As many options in each group, so that losses can go anywhere.
    Groups groups;
    std::normal_distribution<double> normal;
    for (int g = 0; g < 30; ++g) {
      const double weight = std::exp(1.5 * normal(generator));
      groups.emplace_back();
      for (int bits = 3; bits <= 8; ++bits)
        groups.back().push_back({weight * std::pow(4.0, -bits), {1.0 * bits}});
    }
    const double budget = 30 * 5;
    const auto best = solve({groups, {budget}});
    const auto blind =
        solve({with_shuffled_losses(groups, static_cast<std::uint64_t>(i)), {budget}});
    ASSERT_TRUE(best.ok() && blind.ok());
    searched += std::log(best->loss);
    shuffled += std::log(loss_of(groups, blind->choice));
    random +=
        std::log(loss_of(groups, random_choice(groups, 0, budget, static_cast<std::uint64_t>(i))));
  }
  // exp(0.1) times is what a search must gain to be called one; what is blind is behind it by as
  // much as chance is.
  EXPECT_LT(searched, shuffled - 40 * 0.1);
  EXPECT_LT(searched, random - 40 * 0.1);
  EXPECT_GT(shuffled, random - 40 * 0.5);
}

TEST(Baselines, ShuffledLossesKeepCosts) {
  std::mt19937_64 generator(7);
  const Groups groups = random_groups(generator, Kind::kFormats, {15, 5, 2});
  const Groups shuffled = with_shuffled_losses(groups, 1);
  std::multiset<double> before, after;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ASSERT_EQ(groups[g].size(), shuffled[g].size());
    for (std::size_t j = 0; j < groups[g].size(); ++j) {
      EXPECT_EQ(groups[g][j].costs, shuffled[g][j].costs);
      before.insert(groups[g][j].loss);
      after.insert(shuffled[g][j].loss);
    }
  }
  EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace posittune::search
