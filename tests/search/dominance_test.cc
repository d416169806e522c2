// Orders and dominated states, beside their definitions.

#include "posittune/search/dominance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace posittune::search {
namespace {

// Small integers: many equal ones.
States random_states(std::size_t constraints, std::size_t count, std::mt19937_64& generator) {
  States states(constraints);
  std::vector<double> slack(constraints);
  for (std::size_t i = 0; i < count; ++i) {
    for (double& each : slack) each = static_cast<double>(generator() % 6);
    states.push(static_cast<double>(generator() % 8), slack.data(), 0, 0,
                static_cast<std::uint32_t>(i));
  }
  return states;
}

bool before(const States& states, std::uint32_t a, std::uint32_t b) {
  const double x = states.slack(a)[0], y = states.slack(b)[0];
  return x != y ? x > y : states.excess(a) < states.excess(b);
}

bool as_good(const States& states, std::uint32_t a, std::uint32_t b) {
  if (states.excess(a) > states.excess(b)) return false;
  for (std::size_t k = 0; k < states.constraints(); ++k) {
    if (states.slack(a)[k] < states.slack(b)[k]) return false;
  }
  return true;
}

TEST(Dominance, RunsAreMergedInOrder) {
  std::mt19937_64 generator(1);
  for (const std::vector<std::size_t>& runs :
       {std::vector<std::size_t>{0, 0}, {0, 40}, {0, 0, 40}, {0, 7, 40}, {0, 5, 5, 30, 31, 40}}) {
    const States states = random_states(2, runs.back(), generator);
    std::vector<std::uint32_t> order = merged_order(states, runs);
    EXPECT_TRUE(std::ranges::is_sorted(
        order, [&](std::uint32_t a, std::uint32_t b) { return before(states, a, b); }));
    std::ranges::sort(order);
    std::vector<std::uint32_t> all(states.size());
    std::iota(all.begin(), all.end(), 0U);
    EXPECT_EQ(order, all);
  }
}

// Beside those that matter only what ties with a better one in the order may stay.
TEST(Dominance, NoStateThatMattersIsLost) {
  std::mt19937_64 generator(2);
  for (std::size_t constraints = 1; constraints <= 3; ++constraints) {
    for (int trial = 0; trial < 50; ++trial) {
      const States states = random_states(constraints, 60, generator);
      const std::vector<std::uint32_t> all = merged_order(states, {0, 60});
      std::vector<std::uint32_t> kept = all;
      drop_dominated(states, kept);
      for (const std::uint32_t i : all) {
        EXPECT_TRUE(
            std::ranges::any_of(kept, [&](std::uint32_t a) { return as_good(states, a, i); }));
      }
      for (const std::uint32_t a : kept) {
        for (const std::uint32_t b : kept) {
          if (a == b || !as_good(states, a, b)) continue;
          EXPECT_GT(constraints, 1U);
          EXPECT_EQ(states.slack(a)[0], states.slack(b)[0]);
          EXPECT_EQ(states.excess(a), states.excess(b));
        }
      }
    }
  }
}

TEST(Dominance, OfEqualStatesTheFirstStays) {
  States states(1);
  const double slack[] = {1, 1, 1};
  for (int i = 0; i < 3; ++i) states.push(2, slack, 0, 0, 0);
  std::vector<std::uint32_t> order = merged_order(states, {0, 1, 2, 3});
  drop_dominated(states, order);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0}));
}

}  // namespace
}  // namespace posittune::search
