// How arrays are cut, beside the definition of a scale for each element.

#include "posittune/kernels/runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace posittune::kernels {
namespace {

// The scale of each element: one for all, one a row, one a group of columns of a row.
std::vector<float> by_element(const Scales& scales, Shape shape) {
  std::vector<float> all;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t col = 0; col < shape.cols; ++col) {
      const std::size_t groups =
          scales.group > 0 ? (shape.cols + scales.group - 1) / scales.group : 1;
      const std::size_t at = row * groups + (scales.group > 0 ? col / scales.group : 0);
      all.push_back(scales.values[scales.values.size() == 1 ? 0 : at]);
    }
  }
  return all;
}

void check(const Scales& scales, Shape shape, std::size_t block) {
  const std::vector<float> expected = by_element(scales, shape);
  std::vector<int> seen(shape.size(), 0);
  const RunTasks tasks(scales, shape, block);
  for (std::size_t task = 0; task < tasks.count(); ++task) {
    tasks.for_each(task, [&](const Run& run) {
      ASSERT_LE(run.first + run.count, shape.size());
      EXPECT_EQ(run.inverse, 1.0f / run.scale);
      if (block != 0) {
        EXPECT_EQ(run.first, run.row * shape.cols + run.col);
        EXPECT_EQ(run.col % block, 0U);
        EXPECT_LE(run.col + run.count, shape.cols);
        EXPECT_TRUE((run.col + run.count) % block == 0 || run.col + run.count == shape.cols);
      }
      for (std::size_t i = run.first; i < run.first + run.count; ++i) {
        ++seen[i];
        ASSERT_EQ(run.scale, expected[i]) << i;
      }
    });
  }
  EXPECT_TRUE(std::ranges::all_of(seen, [](int times) { return times == 1; }));
}

TEST(Runs, EveryElementOnceWithItsScale) {
  std::vector<float> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0f + static_cast<float>(i);
  const auto first = [&](std::size_t count) { return std::span<const float>(values).first(count); };
  for (const Shape shape : {Shape{1, 1}, {3, 70}, {7, 100}, {2, 40000}, {1, 100000}, {300, 64}}) {
    for (const std::size_t block : {0U, 32U}) {
      check({first(1), 0}, shape, block);
      check({first(shape.rows), 0}, shape, block);
      for (const std::size_t group : {32U, 64U, 96U, 20000U * 32U}) {
        const std::size_t count = shape.rows * ((shape.cols + group - 1) / group);
        if (count > values.size()) continue;
        check({first(count), group}, shape, block);
        check({first(1), group}, shape, block);
      }
    }
  }
  check({first(15), 7}, {3, 33}, 0);
}

TEST(Runs, NothingOfNothing) {
  const float one = 1;
  EXPECT_EQ(RunTasks({{&one, 1}, 0}, {0, 5}, 0).count(), 0U);
  EXPECT_EQ(RunTasks({{&one, 1}, 0}, {5, 0}, 0).count(), 0U);
}

TEST(Runs, ErrorsSayWhatDoesNotFit) {
  const std::vector<float> two = {1, 2}, bad = {1, 0};
  EXPECT_TRUE(check_scales({two, 0}, {2, 5}, 0).ok());
  EXPECT_EQ(check_scales({two, 0}, {3, 5}, 0).error().expected, "1 or 3");
  EXPECT_EQ(check_scales({two, 3}, {2, 5}, 0).error().expected, "1 or 4");
  EXPECT_EQ(check_scales({two, 48}, {1, 96}, 32).error().expected, "a multiple of 32");
  EXPECT_EQ(check_scales({bad, 0}, {2, 5}, 0).error().where, "scales[1]");
  EXPECT_EQ(check_shape({SIZE_MAX, 2}).error().kind, ErrorKind::kInput);
  EXPECT_TRUE(check_shape({SIZE_MAX, 1}).ok());
  EXPECT_EQ(check_length("x", two.data(), 2, 3).error().where, "x");
  EXPECT_FALSE(check_length("x", nullptr, 2, 2).ok());
  EXPECT_TRUE(check_length("x", nullptr, 0, 0).ok());
}

}  // namespace
}  // namespace posittune::kernels
