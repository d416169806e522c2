#include "posittune/search/states.h"

#include <gtest/gtest.h>

namespace posittune::search {
namespace {

TEST(States, ParallelArrays) {
  States states(2);
  const double slack[] = {1, 2, 3, 4};
  states.push(0.5, slack, 0.25, 7, 3);
  states.push(1.5, slack + 2, 1.25, History::kRoot, 0);
  states.set_node(1, 9);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states.excess(0), 0.5);
  EXPECT_EQ(states.slack(1)[0], 3);
  EXPECT_EQ(states.slack(1)[1], 4);
  EXPECT_EQ(states.bound(1), 1.25);
  EXPECT_EQ(states.node(0), 7U);
  EXPECT_EQ(states.node(1), 9U);
  EXPECT_EQ(states.choice(0), 3U);
  states.clear();
  EXPECT_EQ(states.size(), 0U);
  EXPECT_EQ(states.constraints(), 2U);
}

std::vector<std::uint32_t> moves(const History& history, std::uint32_t node) {
  std::vector<std::uint32_t> made;
  for (const History::Node& each : history.path(node)) made.push_back(each.move);
  return made;
}

TEST(History, PathsBeginAtTheFirstChange) {
  History history;
  EXPECT_TRUE(history.path(History::kRoot).empty());
  const auto a = history.add(History::kRoot, 0, 10), b = history.add(a, 1, 11),
             c = history.add(a, 2, 12);
  EXPECT_EQ(moves(history, b), (std::vector<std::uint32_t>{10, 11}));
  EXPECT_EQ(moves(history, c), (std::vector<std::uint32_t>{10, 12}));
  EXPECT_EQ(history.path(c)[1].stage, 2U);
}

// Two million nodes of which two paths are in use: these stay as they were, the others give their
// numbers back.
TEST(History, CollectsWhatNoStateNeeds) {
  History history;
  constexpr std::uint32_t kCount = 2'000'000;
  std::uint32_t chain = History::kRoot;
  for (std::uint32_t n = 0; n < kCount; ++n) {
    const bool used = n % 500'000 == 17;
    const std::uint32_t made = history.add(used ? chain : History::kRoot, n / 1000, n);
    if (used) chain = made;
  }
  const std::vector<std::uint32_t> expected = {17, 500'017, 1'000'017, 1'500'017};
  ASSERT_EQ(moves(history, chain), expected);
  States states(1);
  const double slack = 0;
  states.push(0, &slack, 0, chain, 0);
  states.push(0, &slack, 0, History::kRoot, 0);
  states.push(0, &slack, 0, kCount - 1, 0);
  history.collect(states);
  EXPECT_EQ(moves(history, states.node(0)), expected);
  EXPECT_EQ(states.node(1), History::kRoot);
  EXPECT_EQ(moves(history, states.node(2)), (std::vector<std::uint32_t>{kCount - 1}));
  EXPECT_EQ(history.add(states.node(0), 1, 5), 5U);  // five were kept
}

}  // namespace
}  // namespace posittune::search
