// Sites of a model with a weight that two layers share and a product of activations.

#include "posittune/sensitivity/sites.h"

#include <gtest/gtest.h>

#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"

namespace posittune::sensitivity {
namespace {

using posittune::test::activation_setting;
using posittune::test::weight_setting;

engine::Engine engine() {
  auto x = posittune::test::parameter({-1, 4, 4});
  auto w = posittune::test::normal_constant({4, 4}, 1, "w");
  auto v = posittune::test::normal_constant({4, 4}, 2, "v");
  auto first = std::make_shared<ov::op::v0::MatMul>(x, w);
  first->set_friendly_name("first");
  auto second = std::make_shared<ov::op::v0::MatMul>(first, w);
  second->set_friendly_name("second");
  auto other = std::make_shared<ov::op::v0::MatMul>(second, v);
  other->set_friendly_name("other");
  auto scores = std::make_shared<ov::op::v0::MatMul>(other, first);
  scores->set_friendly_name("scores");
  return posittune::test::engine_of(
      posittune::test::load_ir(posittune::test::model_of(scores, {x})));
}

std::vector<std::size_t> users(const Site& site) { return site.layers; }

TEST(Sites, ASharedWeightIsOneAndItsInputsAreTwo) {
  const engine::Engine made = engine();
  constexpr Operand kWeights[] = {Operand::kWeight}, kInputs[] = {Operand::kActivation},
                    kBoth[] = {Operand::kBoth};
  const auto weights = list_sites(made, kWeights);
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(users(weights[0]), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(users(weights[1]), (std::vector<std::size_t>{2}));
  EXPECT_EQ(list_sites(made, kInputs).size(), 4U);  // that of the product of activations too
  EXPECT_EQ(list_sites(made, kBoth).size(), 2U);
}

TEST(Sites, ARecipeNamesWhatItsSiteChanges) {
  const engine::Engine made = engine();
  const Candidate candidate{weight_setting("int8"), activation_setting("int8")};
  constexpr Operand kBoth[] = {Operand::kBoth}, kInputs[] = {Operand::kActivation};
  const auto both = recipe_of(made, list_sites(made, kBoth)[0], candidate);
  EXPECT_EQ(both.weights.size(), 1U);
  EXPECT_TRUE(both.weights.contains("w"));
  EXPECT_EQ(both.activations.size(), 2U);
  const auto inputs = recipe_of(made, list_sites(made, kInputs)[3], candidate);
  EXPECT_TRUE(inputs.weights.empty());
  EXPECT_TRUE(inputs.activations.contains("scores"));
}

TEST(Sites, AWindowLeavesTheOtherRowsInFp32) {
  const engine::Engine made = engine();
  const Candidate candidate{weight_setting("int8"), activation_setting("int8")};
  const auto recipe = window_recipe(made, 0, candidate, 1, 2);
  const quant::WeightSetting& setting = recipe.weights.at("w");
  EXPECT_EQ(setting.format, formats::fp32());
  ASSERT_EQ(setting.windows.size(), 1U);
  EXPECT_EQ(setting.windows[0].first, 1U);
  EXPECT_EQ(setting.windows[0].count, 2U);
  EXPECT_EQ(setting.windows[0].format, candidate.format());
}

TEST(Sites, BitsOfWeightsAlone) {
  const engine::Engine made = engine();
  const Candidate candidate{weight_setting("int8"), activation_setting("int8")};
  constexpr Operand kAll[] = {Operand::kWeight, Operand::kActivation};
  const auto sites = list_sites(made, kAll);
  EXPECT_EQ(stored_bits(made, sites[0], candidate), quant::stored_bits(candidate.weight, 4, 4));
  EXPECT_EQ(stored_bits(made, sites.back(), candidate), 0);
}

}  // namespace
}  // namespace posittune::sensitivity
