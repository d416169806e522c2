#include "posittune/kernels/chunks.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <vector>

namespace posittune::kernels {
namespace {

TEST(Chunks, Count) {
  EXPECT_EQ(chunk_count(0), 0U);
  EXPECT_EQ(chunk_count(1), 1U);
  EXPECT_EQ(chunk_count(kChunk), 1U);
  EXPECT_EQ(chunk_count(kChunk + 1), 2U);
}

// Every element once, in pieces of one row that do not depend on the number of threads.
TEST(Chunks, CoverEveryElementOnce) {
  for (const Shape shape :
       {Shape{1, 1}, {3, kChunk}, {5, kChunk + 1}, {40, 7}, {2, 9 * kChunk + 5}, {0, 5}, {5, 0}}) {
    std::vector<std::set<std::vector<std::size_t>>> all;
    for (const int threads : {1, 3}) {
      std::mutex mutex;
      std::set<std::vector<std::size_t>>& made = all.emplace_back();
      for_chunks(shape, threads,
                 [&](std::size_t row, std::size_t col, std::size_t count, std::size_t chunk) {
                   const std::lock_guard lock(mutex);
                   EXPECT_TRUE(made.insert({row, col, count, chunk}).second);
                   EXPECT_EQ(col, chunk * kChunk);
                 });
    }
    EXPECT_EQ(all[0], all[1]);
    std::vector<std::size_t> next(shape.rows, 0);
    for (const auto& each : all[0]) {  // in the order of rows and columns
      EXPECT_EQ(each[1], next[each[0]]);
      EXPECT_TRUE(each[2] == kChunk || each[1] + each[2] == shape.cols);
      next[each[0]] += each[2];
    }
    for (const std::size_t end : next) EXPECT_EQ(end, shape.cols);
  }
}

}  // namespace
}  // namespace posittune::kernels
