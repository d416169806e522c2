// What a search reads from invented metrics.

#include "posittune/tuning/tuner.h"

#include <gtest/gtest.h>

namespace posittune::tuning {
namespace {

using records::MetricResult;

std::map<std::string, MetricResult> named(std::initializer_list<const char*> names) {
  std::map<std::string, MetricResult> metrics;
  for (const char* name : names) metrics[name] = {};
  return metrics;
}

MetricResult changed(double value, double from_fp32) {
  return {.value = {value, value, value}, .delta = {{from_fp32, from_fp32, from_fp32}}};
}

TEST(Tuner, TheMetricOfTheTaskComesBeforeAgreement) {
  EXPECT_EQ(primary_metric(named({"kl", "perplexity", "top1_agreement"})), "perplexity");
  EXPECT_EQ(primary_metric(named({"accuracy", "kl", "top1_agreement"})), "accuracy");
  EXPECT_EQ(primary_metric(named({"map", "map_agreement"})), "map");
  EXPECT_EQ(primary_metric(named({"kl", "top1_agreement"})), "top1_agreement");
  EXPECT_EQ(primary_metric(named({"cosine", "rel_sq_error"})), "cosine");
  EXPECT_EQ(primary_metric(named({"kl"})), "kl");
  EXPECT_EQ(primary_metric({}), "");
}

TEST(Tuner, ADropIsPositiveWhereTheMetricIsWorse) {
  EXPECT_DOUBLE_EQ(drop_of("accuracy", changed(0.75, -0.25)), 0.25);
  EXPECT_DOUBLE_EQ(drop_of("accuracy", changed(1.0, 0.25)), -1.0 / 3);
  EXPECT_DOUBLE_EQ(drop_of("perplexity", changed(30, 10)), 0.5);
  EXPECT_DOUBLE_EQ(drop_of("perplexity", changed(10, -10)), -0.5);
}

TEST(Tuner, ADropFromNothingIsTheChangeItself) {
  EXPECT_DOUBLE_EQ(drop_of("accuracy", changed(-0.5, -0.5)), 0.5);
  EXPECT_DOUBLE_EQ(drop_of("accuracy", {.value = {0.5, 0.5, 0.5}, .delta = {}}), 0);
}

}  // namespace
}  // namespace posittune::tuning
