// parallel_for: each task once, never more threads than asked for.

#include "posittune/base/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace posittune {
namespace {

TEST(Threads, AtLeastOneProcessor) { EXPECT_GE(hardware_threads(), 1); }

TEST(Threads, EachTaskOnce) {
  for (const std::size_t tasks : {0u, 1u, 2u, 3u, 64u, 10'000u}) {
    for (const int threads : {0, 1, 2, 3, 8, -1}) {
      std::vector<std::atomic<int>> calls(tasks);
      parallel_for(tasks, threads, [&](std::size_t i) { ++calls[i]; });
      for (std::size_t i = 0; i < tasks; ++i) {
        ASSERT_EQ(calls[i], 1) << "task " << i << " of " << tasks << ", " << threads << " threads";
      }
    }
  }
}

// The largest number of tasks that were inside body at once.
int most_at_once(int threads) {
  std::atomic<int> inside{0}, most{0};
  parallel_for(40, threads, [&](std::size_t) {
    const int now = ++inside;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside;
  });
  return most;
}

TEST(Threads, NoMoreThreadsThanAskedFor) {
  EXPECT_EQ(most_at_once(1), 1);
  for (const int threads : {2, 3, 8}) EXPECT_LE(most_at_once(threads), threads);
  EXPECT_LE(most_at_once(0), hardware_threads());
}

TEST(Threads, OneThreadIsTheCallerInOrder) {
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  parallel_for(100, 1, [&](std::size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Threads, Nested) {
  std::atomic<int> calls{0};
  parallel_for(8, 2, [&](std::size_t) { parallel_for(8, 3, [&](std::size_t) { ++calls; }); });
  EXPECT_EQ(calls, 64);
}

}  // namespace
}  // namespace posittune
