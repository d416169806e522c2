#include "posittune/records/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(Plan, FieldsByName) {
  EXPECT_EQ(json::parse(json_text(ComparePlan{.model = "m",
                                              .task = "classify",
                                              .unit = "item",
                                              .layers = 3,
                                              .quantized = 2,
                                              .items = 8,
                                              .trials = {"int8 w"},
                                              .seconds_per_item = 0.5,
                                              .seconds = 4})),
            json::parse(R"({"model": "m", "layers": 3, "quantized": 2, "task": "classify",
                            "items": 8, "trials": ["int8 w"], "seconds_per_item": 0.5,
                            "estimated_seconds": 4.0})"));
  EXPECT_EQ(
      json::parse(json_text(SensitivityPlan{
          .model = "m", .task = "ctc", .tier = "gain", .sites = 2, .formats = 3, .segments = 4})),
      json::parse(R"({"model": "m", "task": "ctc", "sites": 2, "formats": 3, "segments": 4,
                            "tier": "gain", "evaluations": 0.0, "estimated_seconds": 0.0})"));
  EXPECT_EQ(json::parse(json_text(
                SearchPlan{.model = "m", .task = "ctc", .weights = 2, .choices = 3, .recipes = 4})),
            json::parse(R"({"model": "m", "task": "ctc", "weights": 2, "choices": 3, "recipes": 4,
                            "gain_items": 0, "estimated_seconds": 0.0})"));
}

}  // namespace
}  // namespace posittune::records
