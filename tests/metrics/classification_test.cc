#include "posittune/metrics/classification.h"

#include <gtest/gtest.h>

#include <vector>

namespace posittune::metrics {
namespace {

// scikit-learn's f1_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average="macro") is 0.2666...
TEST(MacroF1, ScikitLearnsExample) {
  const MacroF1 f1({{0, 0, 0}, {1, 1, 2}, {2, 2, 1}, {3, 0, 0}, {4, 1, 0}, {5, 2, 1}}, 3, 6);
  EXPECT_NEAR(value_of(f1), 0.8 / 3, 1e-15);
}

TEST(MacroF1, ClassesThatDoNotOccurDoNotCount) {
  const MacroF1 f1({{0, 4, 4}, {0, 7, 7}}, 1000, 1);
  EXPECT_EQ(value_of(f1), 1);
}

TEST(MacroF1, APredictionOfAnAbsentClassCounts) {
  // Class 0: 2 / 3, class 5: 0.
  EXPECT_NEAR(value_of(MacroF1({{0, 0, 0}, {0, 0, 5}}, 6, 1)), (2.0 / 3) / 2, 1e-15);
}

TEST(MacroF1, NoPredictionIsWrongForTheLabelOnly) {
  EXPECT_NEAR(value_of(MacroF1({{0, 0, 0}, {0, 0, -1}}, 6, 1)), 2.0 / 3, 1e-15);
}

TEST(MacroF1, MultiplicitiesAreCopies) {
  const MacroF1 f1({{0, 0, 0}, {1, 0, 1}, {2, 1, 1}}, 2, 3);
  const std::vector<std::uint32_t> times = {2, 1, 0};
  const MacroF1 copies({{0, 0, 0}, {0, 0, 0}, {0, 0, 1}}, 2, 1);
  EXPECT_EQ(f1.value(times), value_of(copies));
}

}  // namespace
}  // namespace posittune::metrics
