#include "posittune/records/verification.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

TEST(Verification, IsAComparisonWithDifferences) {
  Verification verification;
  verification.comparison.model = {"m.onnx", "00"};
  verification.comparison.rows.push_back(
      {.format = "exported", .what = "", .scale = "", .granularity = "", .metrics = {}});
  verification.exported = "e.onnx";
  verification.runtime = "onnxruntime";
  verification.units = 7;
  verification.differences = {{"y", 0.5, 0.25}};
  const auto document = nlohmann::json::parse(json_text(verification));
  EXPECT_EQ(document["model"]["path"], "m.onnx");
  EXPECT_EQ(document["rows"].size(), 1U);
  EXPECT_EQ(document["runtime"], "onnxruntime");
  EXPECT_EQ(document["units"], 7);
  EXPECT_EQ(document["differences"][0]["relative"], 0.25);
}

}  // namespace
}  // namespace posittune::records
