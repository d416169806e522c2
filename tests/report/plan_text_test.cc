#include "posittune/report/plan_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

TEST(PlanText, OfAComparison) {
  EXPECT_EQ(
      plan_text(records::ComparePlan{.model = "m\n.onnx",
                                     .task = "classify",
                                     .unit = "document",
                                     .weights = 100,
                                     .layers = 3,
                                     .quantized = 2,
                                     .items = 8,
                                     .units = 4,
                                     .trials = {"int8 w"},
                                     .seconds_per_item = 0.25,
                                     .seconds = 4}),
      "model    m\\x0a.onnx (100 weights)\nlayers   2 of 3 quantized\ntask     classify\n"
      "report   8 items, 4 documents\ntrials   1\n  int8 w\nestimate 4 s (0.250 s an item)\n");
}

TEST(PlanText, OfAnAnalysisAndOfASearch) {
  EXPECT_EQ(plan_text(records::SensitivityPlan{.model = "m",
                                               .task = "classify",
                                               .tier = "gain",
                                               .sites = 2,
                                               .formats = 3,
                                               .segments = 4,
                                               .items = 8,
                                               .evaluations = 5,
                                               .seconds = 6}),
            "model    m\ntask     classify\nsites    2 x 3 formats\nsegments 4\ntier     gain\n"
            "estimate 6 s, 5 FP32 evaluations of 8 items\n");
  EXPECT_EQ(
      plan_text(records::SearchPlan{.model = "m",
                                    .task = "classify",
                                    .weights = 2,
                                    .choices = 3,
                                    .recipes = 4,
                                    .gain_items = 5,
                                    .items = 8,
                                    .seconds = 6}),
      "model    m\ntask     classify\nweights  2\nchoices  3 for each\nrecipes  4 to measure\n"
      "gains    on 5 of 8 items\nestimate 6 s of runs, beside scores\n");
}

}  // namespace
}  // namespace posittune::report
