#include "posittune/exporter/recipe_json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

using test::format;

quant::Recipe full_recipe() {
  quant::Recipe recipe;
  recipe.weights["a \"b\"\n\\ \xc3\xa9 \xf0\x9f\x98\x80"] = {
      .format = format("posit<6,1>"),
      .rule = quant::ScaleRule::kMsePow2,
      .granularity = quant::Granularity::kChannel,
      .input_weighted = true,
      .alternatives = {format("int6")},
      .rounding = quant::Rounding::kCompensated,
      .bias_correction = true};
  recipe.weights["windows"] = {
      .format = format("mxfp4"),
      .granularity = quant::Granularity::kGroup,
      .group = 32,
      .windows = {{3, 4, format("posit<8,2>ftz"), quant::ScaleRule::kMse}, {9, 1, format("bf16")}}};
  recipe.weights[""] = {.format = format("fp6_e2m3")};
  recipe.activations["true"] = {.format = format("int8"),
                                .rule = quant::ScaleRule::kAbsmax,
                                .scale = quant::ActivationScale::kToken};
  recipe.accumulate = quant::Accumulate::kQuire;
  return recipe;
}

TEST(RecipeJson, TextOfARecipe) {
  quant::Recipe recipe;
  recipe.weights["w"] = {.format = format("int8"), .windows = {{0, 2, format("int4")}}};
  recipe.activations["l"] = {.format = format("fp8_e4m3")};
  EXPECT_EQ(to_json(recipe, std::string(64, 'a')).value(), R"({
  "version": 1,
  "model_sha256": ")" + std::string(64, 'a') + R"(",
  "accumulate": "fp32",
  "weights": {
    "w": {
      "format": "int8",
      "scale": "rms_pow2",
      "granularity": "tensor",
      "windows": [
        {
          "first": 0,
          "count": 2,
          "format": "int4",
          "scale": "rms_pow2"
        }
      ]
    }
  },
  "activations": {
    "l": {
      "format": "fp8_e4m3",
      "scale": "rms_pow2",
      "chosen": "static"
    }
  }
}
)");
}

TEST(RecipeJson, BothReadersGiveTheRecipe) {
  for (const quant::Recipe& recipe : {full_recipe(), quant::Recipe{}}) {
    const std::string text = to_json(recipe).value();
    const auto strict = recipe_from_json(text, "here");
    ASSERT_TRUE(strict.ok()) << strict.error().message();
    EXPECT_EQ(*strict, recipe);
    const auto yaml = quant::recipe_from_yaml(text, "here");
    ASSERT_TRUE(yaml.ok()) << yaml.error().message();
    EXPECT_EQ(*yaml, recipe);
  }
}

// What programs write differently: escapes, tabs, names longer than YAML's limit for keys.
TEST(RecipeJson, ReadsOtherSpellings) {
  const std::string text = "{\r\n\t\"weights\":{\"\\u00e9\\ud83d\\ude00\\/" +
                           std::string(5000, 'n') + "\":{\"format\":\"int8\"}}}";
  const auto recipe = recipe_from_json(text, "here");
  ASSERT_TRUE(recipe.ok()) << recipe.error().message();
  EXPECT_EQ(recipe->weights.begin()->first, "\xc3\xa9\xf0\x9f\x98\x80/" + std::string(5000, 'n'));
}

TEST(RecipeJson, Refuses) {
  EXPECT_EQ(recipe_from_json(R"({"weights": {}, "weights": {}})", "x").error().found,
            "the key 'weights' twice");
  EXPECT_FALSE(recipe_from_json("weights: {}", "x").ok());
  EXPECT_EQ(recipe_from_json(R"({"other": 1})", "x").error().found, "unknown key 'other'");
  quant::Recipe recipe;
  recipe.weights["\xff"] = {.format = format("int8")};
  EXPECT_EQ(to_json(recipe).error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune::exporter
