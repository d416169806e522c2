#include "posittune/engine/recipe_check.h"

#include <gtest/gtest.h>

#include "tests/engine/engines.h"
#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

TEST(RecipeCheck, WhatIsNotNamedStaysInFp32) {
  const test::Parts parts(test::kAllCovariances);
  const model::Graph& graph = parts.layers.graph;
  quant::Recipe recipe;
  recipe.weights["w_product"] = test::weight_setting("int4");
  recipe.activations["attention"] = test::activation_setting("int8");
  EXPECT_EQ(weight_setting(recipe, graph, parts.weight("product")), recipe.weights["w_product"]);
  EXPECT_FALSE(weight_setting(recipe, graph, parts.weight("table")).has_value());
  EXPECT_TRUE(activation_setting(recipe, graph, parts.layer("attention")).has_value());
  EXPECT_FALSE(activation_setting(recipe, graph, parts.layer("product")).has_value());
}

TEST(RecipeCheck, FormatsOfAllRows) {
  quant::WeightSetting setting = test::weight_setting("int4");
  setting.windows = {{0, 2, test::format("posit<6,1>"), quant::ScaleRule::kAbsmax, {}}};
  setting.windows[0].alternatives = {test::format("posit<6,0>")};
  EXPECT_EQ(formats_of(setting).size(), 3U);
}

TEST(RecipeCheck, UnknownNamesShowTheNearest) {
  const test::Parts parts(test::kAllCovariances);
  quant::Recipe recipe;
  recipe.weights["w_produkt"] = test::weight_setting("int4");
  const Status wrong = check_names(recipe, parts.layers);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
  EXPECT_NE(wrong.error().expected.find("w_product"), std::string::npos);
}

TEST(RecipeCheck, GroupsFitTheFormat) {
  const test::Parts parts(test::kAllCovariances);
  quant::Recipe recipe;
  recipe.weights["w_product"] =
      test::weight_setting("mxfp4", quant::ScaleRule::kNone, quant::Granularity::kGroup, 20);
  EXPECT_FALSE(check_weights(recipe, parts.layers, parts.compensator).ok());
  recipe.weights["w_product"].group = 64;
  EXPECT_TRUE(check_weights(recipe, parts.layers, parts.compensator).ok());
}

}  // namespace
}  // namespace posittune::engine
