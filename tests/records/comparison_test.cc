#include "posittune/records/comparison.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(Comparison, JsonText) { EXPECT_EQ(json_text(small_comparison()), kComparisonText); }

TEST(Comparison, PathThatIsNotUtf8) {
  Comparison comparison = small_comparison();
  comparison.model.path = "a\xff.onnx";
  EXPECT_EQ(json::parse(json_text(comparison))["model"]["path"], "a\xef\xbf\xbd.onnx");
}

TEST(Comparison, CsvText) {
  Comparison comparison = small_comparison();
  comparison.rows.push_back({.format = "say \"x\"\n",
                             .what = "w",
                             .scale = "none",
                             .granularity = "tensor",
                             .bits_per_weight = 32,
                             .metrics = {},
                             .seconds = 0.1,
                             .nonfinite = 3});
  EXPECT_EQ(csv_text(comparison),
            "format,what,scale,granularity,bits_per_weight,seconds,"
            "metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n"
            "\"posit<8,1>\",wa,rms_pow2,channel,8.25,1.5,kl,0.5,0.25,1,0.5,0.25,1,false,0\n"
            "\"posit<8,1>\",wa,rms_pow2,channel,8.25,1.5,sqnr,Infinity,30,Infinity,,,,true,0\n"
            "\"say \"\"x\"\"\n\",w,none,tensor,32,0.1,,,,,,,,,3\n");
}

TEST(Metrics, TheMostTellingOneHasTheLowestRankButTheLoss) {
  std::map<std::string, MetricResult> metrics;
  EXPECT_EQ(primary_metric(metrics) + loss_metric(metrics), "");
  metrics["kl"].rank = 0;
  EXPECT_EQ(primary_metric(metrics), "kl");
  metrics["cosine"].rank = metrics["agreement"].rank = 4;
  EXPECT_EQ(primary_metric(metrics), "agreement");  // the first by name
  metrics["map"].rank = 1;
  EXPECT_EQ(primary_metric(metrics), "map");
  EXPECT_EQ(loss_metric(metrics), "kl");
}

}  // namespace
}  // namespace posittune::records
