// Recipes on models of a few layers: what changes, what stays, and what it
// costs.

#include <gtest/gtest.h>

#include "tests/engine/engines.h"
#include <openvino/op/add.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>

namespace posittune::engine {
namespace {

using test::activation_setting;
using test::weight_setting;

std::shared_ptr<ov::Node> product(const ov::Output<ov::Node> &x,
                                  const ov::Output<ov::Node> &w,
                                  const std::string &name) {
  auto node = std::make_shared<ov::op::v0::MatMul>(x, w);
  node->set_friendly_name(name);
  return node;
}

// x -> left, right, each an output.
std::shared_ptr<ov::Model> two_branches() {
  const auto x = test::parameter({-1, 24});
  auto left = product(x, test::normal_constant({24, 30}, 1, "wl"), "left"),
       right = product(x, test::normal_constant({24, 9}, 2, "wr"), "right");
  left->output(0).set_names({"yl"});
  right->output(0).set_names({"yr"});
  return std::make_shared<ov::Model>(
      ov::ResultVector{std::make_shared<ov::op::v0::Result>(left),
                       std::make_shared<ov::op::v0::Result>(right)},
      ov::ParameterVector{x});
}

// One 16 x 16 weight three times, and one of its own.
std::shared_ptr<ov::Model> shared_depths() {
  const auto x = test::parameter({-1, 16});
  const auto w = test::normal_constant({16, 16}, 3, "shared", 0.3F);
  ov::Output<ov::Node> h = x;
  for (const char *name : {"first", "second", "third"})
    h = std::make_shared<ov::op::v0::Relu>(product(h, w, name));
  return test::model_of(
      product(h, test::normal_constant({16, 4}, 4, "head"), "last"), {x});
}

TEST(EngineRecipe, OneLayerChangesOnlyThatLayer) {
  Engine engine = test::engine_of(test::load_ir(two_branches()));
  const Tensors inputs = {{"x", test::normal_tensor({5, 24}, 1)}};
  test::calibrate(engine, inputs);
  const Tensors before = test::run(engine, inputs);
  for (const bool activations : {false, true}) {
    quant::Recipe recipe;
    recipe.weights["wl"] = weight_setting("posit<6,1>");
    if (activations)
      recipe.activations["left"] = activation_setting("posit<6,1>");
    test::apply(engine, recipe);
    const Tensors after = test::run(engine, inputs);
    EXPECT_EQ(after.at("yr").bytes, before.at("yr").bytes);
    EXPECT_NE(after.at("yl").bytes, before.at("yl").bytes);
  }
  test::apply(engine, {});
  EXPECT_TRUE(test::same_bits(test::run(engine, inputs), before));
}

TEST(EngineRecipe, GoingBackGivesTheSameBits) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  const Tensors inputs = {{"x", test::normal_tensor({7, 16}, 1)}};
  test::calibrate(engine, inputs);
  const auto recipe = [&](const char *format, quant::ScaleRule rule) {
    return engine.uniform(weight_setting(format, rule),
                          activation_setting(format, rule));
  };
  std::vector<quant::Recipe> recipes = {
      recipe("posit<8,1>", quant::ScaleRule::kRmsPow2),
      recipe("int8", quant::ScaleRule::kMse),
      engine.uniform(weight_setting("mxfp8"), {}),
      {}};
  recipes.push_back(recipes[0]);
  recipes.back().accumulate = quant::Accumulate::kQuire;
  std::vector<Tensors> outputs;
  for (const auto &each : recipes) {
    test::apply(engine, each);
    outputs.push_back(test::run(engine, inputs));
  }
  for (const std::size_t i : {3, 0, 4, 2, 1, 0, 0, 4}) {
    test::apply(engine, recipes[i]);
    EXPECT_TRUE(test::same_bits(test::run(engine, inputs), outputs[i])) << i;
  }
  EXPECT_FALSE(test::same_bits(outputs[0], outputs[1]));
}

TEST(EngineRecipe, SharedWeightsAreOne) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  ASSERT_EQ(engine.graph().weights.size(), 2u);
  EXPECT_EQ(engine.weight_count(), 16 * 16 + 16 * 4u);
  const auto recipe = engine.uniform(weight_setting("int4"), {});
  EXPECT_EQ(recipe.weights.size(), 2u);
  // Three layers with the quantized matrix, against OpenVINO with it in the
  // graph.
  const auto x = test::parameter({-1, 16});
  const auto plain = test::normal(256, 0.3F, 3), head = test::normal(64, 1, 4);
  const auto q = [](const std::vector<float> &w) {
    const auto format = test::format("int4");
    const auto scale = quant::choose_scales(format, quant::ScaleRule::kRmsPow2,
                                            w, {1, w.size()}, false)
                           .value();
    return test::quantized(format, w, {1, w.size()}, scale);
  };
  const auto w = test::constant({16, 16}, q(plain), "shared");
  ov::Output<ov::Node> h = x;
  for (int i = 0; i < 3; ++i)
    h = std::make_shared<ov::op::v0::Relu>(
        product(h, w, "m" + std::to_string(i)));
  const auto reference =
      test::model_of(product(h, test::constant({16, 4}, q(head)), "last"), {x});
  const Tensors inputs = {{"x", test::normal_tensor({7, 16}, 1)}};
  test::apply(engine, recipe);
  EXPECT_LT(
      test::relative_difference(test::run(engine, inputs).at("y"),
                                test::run_plain(reference, inputs).at("y")),
      1e-6);
}

// 256 and 64 weights.
TEST(EngineRecipe, BitsPerWeightByHand) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  EXPECT_EQ(engine.bits_per_weight({}), 32);
  // each: 8 bits a weight, 8 for the scale, 8 for the format
  EXPECT_EQ(
      engine.bits_per_weight(engine.uniform(weight_setting("posit<8,1>"), {})),
      (320.0 * 8 + 2 * 16) / 320);
  quant::Recipe mixed;
  mixed.weights["shared"] = weight_setting("int4", quant::ScaleRule::kMse,
                                           quant::Granularity::kChannel);
  EXPECT_EQ(engine.bits_per_weight(mixed),
            (256.0 * 4 + 16 * 32 + 8 + 64 * 32) / 320);
  mixed.activations["first"] = activation_setting(
      "int8", quant::ScaleRule::kRmsPow2, quant::ActivationScale::kToken);
  EXPECT_EQ(engine.bits_per_weight(mixed),
            (256.0 * 4 + 16 * 32 + 8 + 64 * 32) / 320);
}

TEST(EngineRecipe, LayersThatAreNotChosenStayAsTheyAre) {
  model::Graph graph = test::load_ir(two_branches());
  const std::size_t left = graph.layers.at(0).name == "left" ? 0 : 1;
  auto engine = Engine::create(
      std::move(graph), {.chosen = {left == 0, left == 1}, .threads = 2});
  ASSERT_TRUE(engine.ok());
  EXPECT_TRUE(engine->chosen(left));
  EXPECT_FALSE(engine->chosen(1 - left));
  const auto recipe =
      engine->uniform(weight_setting("int8"), activation_setting("int8"));
  EXPECT_EQ(recipe.weights.size(), 1u);
  EXPECT_EQ(recipe.activations.size(), 1u);
  EXPECT_EQ(engine->bits_per_weight(recipe),
            (24.0 * 30 * 8 + 16 + 24 * 9 * 32) / (24 * 39));
}

TEST(EngineRecipe, UniformNamesNoActivationOfEmbeddings) {
  const auto ids = test::parameter({-1}, "ids", ov::element::i64);
  const auto rows = std::make_shared<ov::op::v8::Gather>(
      test::normal_constant({9, 8}, 1), ids,
      ov::op::v0::Constant::create(ov::element::i64, {}, {0}));
  const auto model = test::model_of(
      product(rows, test::normal_constant({8, 3}, 2, "w2"), "product"), {ids});
  Engine engine = test::engine_of(test::load_ir(model));
  const auto recipe =
      engine.uniform(weight_setting("int8"), activation_setting("int8"));
  EXPECT_EQ(recipe.weights.size(), 2u);
  ASSERT_EQ(recipe.activations.size(), 1u);
  EXPECT_EQ(recipe.activations.begin()->first, "product");
}

// Ports without tensor names go by the names of their nodes.
TEST(EngineRecipe, PortsWithoutTensorNames) {
  const auto x = std::make_shared<ov::op::v0::Parameter>(
      ov::element::f32, ov::PartialShape{-1, 6});
  x->set_friendly_name("unnamed in");
  const auto node = product(x, test::normal_constant({6, 4}, 1), "m");
  const auto result = std::make_shared<ov::op::v0::Result>(node);
  result->set_friendly_name("unnamed out");
  model::Graph graph = test::load_ir(std::make_shared<ov::Model>(
      ov::ResultVector{result}, ov::ParameterVector{x}));
  ASSERT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(graph.inputs[0].name, "unnamed in");
  const std::string output = graph.outputs.at(0).name;
  Engine engine = test::engine_of(std::move(graph));
  const Tensors outputs =
      test::run(engine, {{"unnamed in", test::normal_tensor({3, 6}, 1)}});
  ASSERT_TRUE(outputs.contains(output)) << output;
  EXPECT_EQ(outputs.at(output).shape, (TensorShape{3, 4}));
}

TEST(EngineRecipe, NoTokensGiveNoOutputs) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  const Tensors inputs = {{"x", Tensor::zeros(ElementType::kF32, {0, 16})}};
  for (const auto &recipe :
       {quant::Recipe{},
        engine.uniform(weight_setting("int8"),
                       activation_setting("int8", quant::ScaleRule::kAbsmax,
                                          quant::ActivationScale::kToken))}) {
    test::apply(engine, recipe);
    EXPECT_EQ(test::run(engine, inputs).at("y").shape, (TensorShape{0, 4}));
  }
}

} // namespace
} // namespace posittune::engine
