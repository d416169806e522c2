#include "posittune/engine/applied_recipe.h"

#include <gtest/gtest.h>

#include "tests/engine/engines.h"
#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

TEST(AppliedRecipe, OnlyWhatDiffersIsPrepared) {
  test::Parts parts(test::kAllCovariances);
  const auto prepared = [&](const char* name) {
    return parts.layers.nodes[parts.layer(name)]->setting.weight;
  };
  const auto convolution = prepared("convolution");
  quant::Recipe recipe;
  recipe.weights["w_product"] = test::weight_setting("int4");
  ASSERT_TRUE(parts.recipe.apply(recipe).ok());
  EXPECT_EQ(parts.recipe.current(), recipe);
  EXPECT_EQ(prepared("convolution"), convolution);
  const auto product = prepared("product");
  recipe.weights["w_convolution"] = test::weight_setting("int4");
  ASSERT_TRUE(parts.recipe.apply(recipe).ok());
  EXPECT_EQ(prepared("product"), product);
  EXPECT_NE(prepared("convolution"), convolution);
}

TEST(AppliedRecipe, AnErrorLeavesTheOldOne) {
  test::Parts parts(test::kAllCovariances);
  const Tensors before = parts.run(2);
  quant::Recipe recipe;
  recipe.activations["product"] = test::activation_setting("int8");  // no calibration data
  const Status failed = parts.recipe.apply(recipe);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(parts.recipe.current(), quant::Recipe{});
  EXPECT_FALSE(parts.recipe.broken().has_value());
  EXPECT_EQ(parts.run(2).begin()->second.bytes, before.begin()->second.bytes);
}

}  // namespace
}  // namespace posittune::engine
