// What a search reads from invented metrics.

#include "posittune/tuning/tuner.h"

#include <gtest/gtest.h>

namespace posittune::tuning {
namespace {

using records::MetricResult;

MetricResult changed(bool lower_is_better, double value, double from_fp32) {
  MetricResult made{.value = {value, value, value}, .delta = {{from_fp32, from_fp32, from_fp32}}};
  made.lower_is_better = lower_is_better;
  return made;
}
constexpr bool kAccuracy = false, kPerplexity = true;

TEST(Tuner, ADropIsPositiveWhereTheMetricIsWorse) {
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, 0.75, -0.25)), 0.25);
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, 1.0, 0.25)), -1.0 / 3);
  EXPECT_DOUBLE_EQ(drop_of(changed(kPerplexity, 30, 10)), 0.5);
  EXPECT_DOUBLE_EQ(drop_of(changed(kPerplexity, 10, -10)), -0.5);
}

TEST(Tuner, ADropFromNothingIsTheChangeItself) {
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, -0.5, -0.5)), 0.5);
  MetricResult unpaired = changed(kAccuracy, 0.5, 0);
  unpaired.delta.reset();
  EXPECT_DOUBLE_EQ(drop_of(unpaired), 0);
}

}  // namespace
}  // namespace posittune::tuning
