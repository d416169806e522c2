// Intervals of invented losses.

#include "posittune/tuning/row_maker.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posittune::tuning {
namespace {

TEST(RowMaker, IntervalsOfLossesDoNotPassZero) {
  const records::Estimate wide = interval_of({.sums = {0, 0, 0, 4}, .counts = {1, 1, 1, 1}});
  EXPECT_DOUBLE_EQ(wide.value, 1);
  EXPECT_EQ(wide.low, 0);
  EXPECT_GT(wide.high, 2);
  const records::Estimate narrow = interval_of({.sums = {1, 1, 1, 1}, .counts = {1, 1, 1, 1}});
  EXPECT_DOUBLE_EQ(narrow.low, 1);
  EXPECT_DOUBLE_EQ(narrow.high, 1);
}

TEST(RowMaker, UnitsThatWereNotSeenDoNotCount) {
  const records::Estimate two = interval_of({.sums = {2, 0, 4}, .counts = {1, 0, 1}});
  EXPECT_DOUBLE_EQ(two.value, 3);
  EXPECT_LT(two.low, 3);
}

TEST(RowMaker, OneUnitHasNoInterval) {
  const records::Estimate one = interval_of({.sums = {2}, .counts = {2}});
  EXPECT_DOUBLE_EQ(one.value, 1);
  EXPECT_TRUE(std::isnan(one.low));
  EXPECT_TRUE(std::isnan(one.high));
}

}  // namespace
}  // namespace posittune::tuning
