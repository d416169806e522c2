#include "posittune/search/refine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "tests/search/instances.h"

namespace posittune::search {
namespace {

double loss_of(const Groups& groups, const Choice& choice) {
  double sum = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) sum += groups[g][choice[g]].loss;
  return sum;
}

// Scores that are off by a factor for each group, and what is true.
struct Instance {
  Groups scores, truth;
  double budget = 0;
};

Instance make_instance(std::uint64_t seed, int groups = 20) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Instance made;
  double bits = 0;
  for (int g = 0; g < groups; ++g) {
    const double weight = std::exp(normal(generator)), error = std::exp(0.5 * normal(generator));
    const double size = std::exp(normal(generator));
    made.scores.emplace_back();
    made.truth.emplace_back();
    for (int b = 3; b <= 8; ++b) {
      made.scores.back().push_back({weight * std::pow(4.0, -b), {b * size}});
      made.truth.back().push_back({error * weight * std::pow(4.0, -b), {b * size}});
    }
    bits += 5 * size;
  }
  made.budget = bits;
  return made;
}

TEST(Refine, ComesNearerToTheTrueOptimum) {
  double regret_before = 0, regret_after = 0;  // parts of the optimum
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Instance of = make_instance(seed);
    const auto start = solve({of.scores, {of.budget}});
    const auto best = solve({of.truth, {of.budget}});
    ASSERT_TRUE(start.ok() && best.ok());
    const Compare compare = [&](const Choice& candidate, const Choice& current) -> Result<Verdict> {
      const double difference = loss_of(of.truth, candidate) - loss_of(of.truth, current);
      return Verdict{difference, 0, difference < 0};
    };
    const auto refined =
        refine(of.scores, {of.budget}, start->choice, compare, {.trials = 200, .uncertainty = 0.5});
    ASSERT_TRUE(refined.ok());
    const double before = loss_of(of.truth, start->choice),
                 after = loss_of(of.truth, refined->choice);
    EXPECT_LE(after, before);
    regret_before += before / best->loss - 1;
    regret_after += after / best->loss - 1;
    double cost = 0;
    for (std::size_t g = 0; g < of.scores.size(); ++g)
      cost += of.scores[g][refined->choice[g]].costs[0];
    EXPECT_LE(cost, of.budget * (1 + 1e-9));
  }
  EXPECT_LT(regret_after, 0.3 * regret_before);
}

// Inputs and weights, each with a budget of their own and the pairs that both make: every change
// that helps breaks a budget, and only pairs of changes keep to both.
TEST(Refine, TwoBudgets) {
  double regret_before = 0, regret_after = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Instance of = make_instance(seed, 60), other = make_instance(seed + 100, 60);
    Instance both{.scores = {}, .truth = {}, .budget = 0};
    for (std::size_t g = 0; g < of.scores.size(); ++g) {
      both.scores.emplace_back();
      both.truth.emplace_back();
      for (std::size_t i = 0; i < of.scores[g].size(); ++i) {
        for (std::size_t j = 0; j < other.scores[g].size(); ++j) {
          const std::vector<double> costs = {of.scores[g][i].costs[0], other.scores[g][j].costs[0]};
          both.scores.back().push_back({of.scores[g][i].loss + other.scores[g][j].loss, costs});
          both.truth.back().push_back({of.truth[g][i].loss + other.truth[g][j].loss, costs});
        }
      }
    }
    const std::vector<double> budgets = {of.budget, other.budget};
    const auto start = solve({both.scores, budgets});
    const auto best = solve({both.truth, budgets});
    ASSERT_TRUE(start.ok() && best.ok());
    const Compare compare = [&](const Choice& candidate, const Choice& current) -> Result<Verdict> {
      const double difference = loss_of(both.truth, candidate) - loss_of(both.truth, current);
      return Verdict{difference, 0, difference < 0};
    };
    const auto refined =
        refine(both.scores, budgets, start->choice, compare, {.trials = 60, .uncertainty = 0.5});
    ASSERT_TRUE(refined.ok());
    EXPECT_GT(refined->steps.size(), 10U);
    for (std::size_t k = 0; k < 2; ++k) {
      double cost = 0;
      for (std::size_t g = 0; g < both.scores.size(); ++g)
        cost += both.scores[g][refined->choice[g]].costs[k];
      EXPECT_LE(cost, budgets[k] * (1 + 1e-9));
    }
    regret_before += loss_of(both.truth, start->choice) / best->loss - 1;
    regret_after += loss_of(both.truth, refined->choice) / best->loss - 1;
  }
  EXPECT_LT(regret_after, 0.7 * regret_before);
}

TEST(Refine, NothingThatIsNotSurelyBetterIsTaken) {
  const Instance of = make_instance(3);
  const auto start = solve({of.scores, {of.budget}});
  ASSERT_TRUE(start.ok());
  std::size_t calls = 0;
  const auto refined =
      refine(of.scores, {of.budget}, start->choice,
             [&](const Choice& candidate, const Choice& current) -> Result<Verdict> {
               ++calls;
               std::size_t changed = 0;
               for (std::size_t g = 0; g < current.size(); ++g)
                 changed += candidate[g] != current[g] ? 1 : 0;
               EXPECT_GE(changed, 1U);
               return Verdict{-0.1, 0.2, false};
             },
             {.trials = 25});
  ASSERT_TRUE(refined.ok());
  EXPECT_EQ(refined->choice, start->choice);
  EXPECT_EQ(refined->steps.size(), calls);
  EXPECT_EQ(calls, 25U);
}

TEST(Refine, ErrorsOfTheComparisonEndIt) {
  const Instance of = make_instance(4);
  const auto start = solve({of.scores, {of.budget}});
  ASSERT_TRUE(start.ok());
  const auto refined = refine(
      of.scores, {of.budget}, start->choice, [](const Choice&, const Choice&) -> Result<Verdict> {
        return Error{.kind = ErrorKind::kInterrupted, .what = "interrupted"};
      });
  ASSERT_FALSE(refined.ok());
  EXPECT_EQ(refined.error().kind, ErrorKind::kInterrupted);
}

TEST(Refine, NothingToChange) {
  const Groups groups = {{{1, {1}}}, {{2, {1}}}};
  const auto refined =
      refine(groups, {2}, {0, 0},
             [](const Choice&, const Choice&) -> Result<Verdict> { return Verdict{-1, 0, true}; });
  ASSERT_TRUE(refined.ok());
  EXPECT_TRUE(refined->steps.empty());
}

}  // namespace
}  // namespace posittune::search
