#include "posittune/quant/recipe.h"

#include <gtest/gtest.h>

#include <cmath>

#include "posittune/quant/summary.h"

namespace posittune::quant {
namespace {

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

TEST(Recipe, YamlRoundTrip) {
  Recipe recipe;
  recipe.accumulate = Accumulate::kQuire;
  for (const char* name : {"plain", "a: b", "\"quoted\"", "line\nbreak", "# hash", "ünïcode", "- dash", "null", "1.0", " "}) {
    recipe.weights[name] = {format("posit<8,1>"), ScaleRule::kMse, Granularity::kGroup, 48, true};
    recipe.activations[name] = {format("fp8_e4m3"), ScaleRule::kRmsPow2, ActivationScale::kOutput};
  }
  recipe.weights["other"] = {.format = format("mxfp4"), .rule = ScaleRule::kNone, .granularity = Granularity::kChannel};
  const auto back = recipe_from_yaml(to_yaml(recipe), "here");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, recipe);
  EXPECT_EQ(recipe_from_yaml(to_yaml({}), "here").value(), Recipe{});
}

TEST(Recipe, Errors) {
  for (const char* text : {"[1, 2]", "weights: 3", "nonsense: 1", "version: 9", "weights: {a: {format: posit8e1, scal: mse}}", "{", "weights: {a: [1]}"}) {
    const auto read = recipe_from_yaml(text, "file.yaml");
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message().find("file.yaml"), std::string::npos) << text;
  }
  EXPECT_EQ(recipe_from_yaml("weights: {a: {format: posit99}}", "f").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(recipe_from_yaml("weights: {a: {format: int8, scale: best}}", "f").error().kind, ErrorKind::kUsage);
  WeightSetting setting;
  for (const char* text : {"row", "group", "group:", "group:0", "group:x", "channel:3", "group:-1"}) {
    EXPECT_FALSE(parse_granularity(text, setting)) << text;
  }
}

TEST(Summary, ByHand) {
  const std::vector<float> values = {-1, 1, -1, 1, 2};
  const Summary summary = summarize(values);
  EXPECT_EQ(summary.min, -1);
  EXPECT_EQ(summary.max, 2);
  EXPECT_DOUBLE_EQ(summary.mean, 0.4);
  EXPECT_DOUBLE_EQ(summary.rms, std::sqrt(8.0 / 5));
  // deviations -1.4 0.6 -1.4 0.6 1.6: squares sum to 7.2, fourth powers to 14.496
  EXPECT_NEAR(summary.kurtosis, 14.496 * 5 / (7.2 * 7.2), 1e-12);
}

}  // namespace
}  // namespace posittune::quant
