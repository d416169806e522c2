// Kernels without a device: each thread runs once, with its index.

#include "posittune/cuda/launch.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace posittune::cuda {
namespace {

__global__ void add_index(int* out, int n, int step) {
  const std::int64_t i = thread_index();
  if (i < n) out[i] += static_cast<int>(i) * step;
}

TEST(Launch, EachThreadRunsOnce) {
  std::vector<int> found(1000), expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  for (int& value : expected) value *= 3;
  EXPECT_EQ(launch(&add_index, 4, 256, nullptr, found.data(), 1000, 3), 0);
  EXPECT_EQ(found, expected);
}

TEST(Launch, SaysThatThereIsNoDevice) { EXPECT_EQ(std::string(message_of(1)), "no device"); }

}  // namespace
}  // namespace posittune::cuda
