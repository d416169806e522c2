#include "posittune/metrics/class_rows.h"

#include <gtest/gtest.h>

#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST(ClassRows, ClassesThatAreLastStayWhereTheyAre) {
  const Tensor output = floats({2, 3, 4}, counting(24));
  const auto rows = class_rows(output, Task::kLanguageModel, {});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->items, 2U);
  EXPECT_EQ(rows->positions, 3U);
  EXPECT_EQ(rows->classes, 4U);
  EXPECT_TRUE(rows->moved.empty());
  EXPECT_EQ(rows->item(1).size(), 12U);
  EXPECT_EQ(rows->item(1)[0], 12);
}

// (2 items, 3 classes, 2 x 2): element [i, c, y, x] is i 12 + c 4 + y 2 + x.
TEST(ClassRows, ClassesOfASegmentationAreMovedToTheEnd) {
  const auto rows = class_rows(floats({2, 3, 2, 2}, counting(24)), Task::kSegment, {});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->positions, 4U);
  EXPECT_EQ(rows->classes, 3U);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t p = 0; p < 4; ++p) {
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_EQ(rows->item(i)[p * 3 + c], static_cast<float>(i * 12 + c * 4 + p));
    }
  }
}

TEST(ClassRows, AnyLaterAxisMayBeNamed) {
  const Tensor output = floats({1, 2, 3, 2}, counting(12));
  const auto middle = class_rows(output, Task::kCtc, 2);
  ASSERT_TRUE(middle.ok());
  EXPECT_EQ(middle->classes, 3U);
  EXPECT_EQ(std::vector<float>(middle->values.begin(), middle->values.end()),
            (std::vector<float>{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11}));
  EXPECT_EQ(class_rows(output, Task::kCtc, -2)->classes, 3U);
}

TEST(ClassRows, OutputsWithoutSuchAnAxis) {
  for (const auto& [shape, axis] : {std::pair<TensorShape, std::optional<int>>{{4}, {}},
                                    {{2, 2}, 0},
                                    {{2, 2}, 2},
                                    {{2, 0}, {}}}) {
    const auto refused =
        class_rows(floats(shape, counting(element_count(shape))), Task::kClassify, axis);
    ASSERT_FALSE(refused.ok()) << to_string(shape);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
    EXPECT_NE(refused.error().found.find(to_string(shape)), std::string::npos);
  }
  EXPECT_FALSE(class_rows(int64s({2, 2}, {1, 2, 3, 4}), Task::kClassify, {}).ok());
}

}  // namespace
}  // namespace posittune::metrics
