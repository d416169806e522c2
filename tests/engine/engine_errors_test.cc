// What an engine refuses, and that it goes on as before.

#include <gtest/gtest.h>

#include <cmath>
#include <openvino/op/add.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::ScaleRule;
using test::activation_setting;
using test::weight_setting;

std::shared_ptr<ov::Model> two_layers() {
  const auto x = test::parameter({-1, 40});
  const auto first =
      std::make_shared<ov::op::v0::MatMul>(x, test::normal_constant({40, 20}, 1, "w1"));
  first->set_friendly_name("first");
  const auto second =
      std::make_shared<ov::op::v0::MatMul>(first, test::normal_constant({20, 5}, 2, "w2"));
  second->set_friendly_name("second");
  return test::model_of(second, {x});
}

const Tensors& some_inputs() {
  static const Tensors inputs = {{"x", test::normal_tensor({3, 40}, 1)}};
  return inputs;
}

// The error is one, and run() follows the recipe from before.
void expect_refused(Engine& engine, const quant::Recipe& recipe, ErrorKind kind,
                    const std::string& part) {
  const Tensors before = test::run(engine, some_inputs());
  const auto paths = engine.paths();
  const Status applied = engine.apply(recipe);
  ASSERT_FALSE(applied.ok()) << part;
  EXPECT_EQ(applied.error().kind, kind) << applied.error().message();
  EXPECT_NE(applied.error().message().find(part), std::string::npos) << applied.error().message();
  EXPECT_EQ(engine.paths(), paths);
  EXPECT_TRUE(test::same_bits(test::run(engine, some_inputs()), before)) << part;
}

TEST(EngineErrors, RecipesThatCannotBeFollowedChangeNothing) {
  Engine engine = test::engine_of(test::load_ir(two_layers()));
  const auto token = activation_setting("int8", ScaleRule::kAbsmax, ActivationScale::kToken);
  const auto weights_only = engine.uniform(weight_setting("posit<8,1>"), {});
  for (const auto& current :
       {quant::Recipe{}, weights_only, engine.uniform(weight_setting("int8"), token)}) {
    test::apply(engine, current);
    quant::Recipe recipe;
    recipe.weights["w3"] = weight_setting("int8");
    expect_refused(engine, recipe, ErrorKind::kUsage, "'w3'");
    recipe = {};
    recipe.activations["third"] = token;
    expect_refused(engine, recipe, ErrorKind::kUsage, "'third'");
    // The second layer has no scale; the first could have been changed.
    recipe = engine.uniform(weight_setting("int8"), token);
    recipe.activations["second"] = activation_setting("int8");
    expect_refused(engine, recipe, ErrorKind::kUsage, "second");
    recipe.activations["second"] =
        activation_setting("int8", ScaleRule::kMse, ActivationScale::kOutput);
    expect_refused(engine, recipe, ErrorKind::kUsage, "calibration");
    recipe.activations["second"] =
        activation_setting("int8", ScaleRule::kMse, ActivationScale::kToken);
    expect_refused(engine, recipe, ErrorKind::kUsage, "per token");
    // Groups that do not fit.
    recipe = engine.uniform(weight_setting("int4"), {});
    recipe.weights["w2"] =
        weight_setting("mxfp8", ScaleRule::kAbsmax, quant::Granularity::kGroup, 48);
    expect_refused(engine, recipe, ErrorKind::kUsage, "'w2'");
    recipe.weights["w2"] =
        weight_setting("int8", ScaleRule::kAbsmax, quant::Granularity::kGroup, 0);
    expect_refused(engine, recipe, ErrorKind::kUsage, "'w2'");
    recipe = engine.uniform(weight_setting("int4", ScaleRule::kMse), {});
    recipe.weights["w1"].input_weighted = true;
    expect_refused(engine, recipe, ErrorKind::kUsage, "calibration");
  }
}

// A scale that needs no data is fine without.
TEST(EngineErrors, RuleNoneNeedsNoCalibration) {
  Engine engine = test::engine_of(test::load_ir(two_layers()));
  EXPECT_FALSE(engine.calibrated());
  test::apply(engine, engine.uniform({}, activation_setting("posit<8,1>", ScaleRule::kNone)));
  test::apply(engine, {});
  test::calibrate(engine, some_inputs());
  EXPECT_TRUE(engine.calibrated());
}

TEST(EngineErrors, CalibrationIsInFp32) {
  Engine engine = test::engine_of(test::load_ir(two_layers()));
  test::apply(engine, engine.uniform(weight_setting("int8"), {}));
  const Status seen = engine.calibrate(some_inputs());
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(engine.calibrated());
}

TEST(EngineErrors, BadInputs) {
  Engine engine = test::engine_of(test::load_ir(two_layers()));
  for (const Tensors& inputs :
       std::vector<Tensors>{{},
                            {{"z", test::normal_tensor({3, 40}, 1)}},
                            {{"x", Tensor::zeros(ElementType::kI64, {3, 40})}},
                            {{"x", Tensor::zeros(ElementType::kF32, {3, 41})}},
                            {{"x", Tensor::zeros(ElementType::kF32, {40})}},
                            {{"x", Tensor::zeros(ElementType::kF32, {3, 40, 1})}}}) {
    const auto outputs = engine.run(inputs);
    ASSERT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().kind, ErrorKind::kInput) << outputs.error().message();
    EXPECT_EQ(engine.calibrate(inputs).error().kind, ErrorKind::kInput);
  }
  test::run(engine, some_inputs());
}

// One rule: no token that a person feeds is counted from the end; what the graph itself computes
// may be, as ONNX's Gather has it.
TEST(EngineErrors, NegativeIndicesOfEitherType) {
  const auto table = test::normal_constant({7, 3}, 1);
  const auto axis = test::integers({}, {0});
  for (const auto& type : {ov::element::i32, ov::element::i64}) {
    Tensor tensor{type == ov::element::i32 ? ElementType::kI32 : ElementType::kI64, {2}, {}};
    tensor.bytes.resize(2 * element_bytes(tensor.type));
    std::ranges::fill(tensor.bytes, std::byte{0xff});  // -1, -1
    const Tensors inputs = {{"ids", std::move(tensor)}};
    const auto ids = test::parameter({-1}, "ids", type);
    Engine fed = test::engine_of(test::load_ir(
        test::model_of(std::make_shared<ov::op::v8::Gather>(table, ids, axis), {ids})));
    const auto outputs = fed.run(inputs);
    ASSERT_FALSE(outputs.ok()) << type;
    EXPECT_EQ(outputs.error().kind, ErrorKind::kInput);
    EXPECT_EQ(outputs.error().expected, "indices of an embedding, 0 or more");
    EXPECT_EQ(outputs.error().found, "-1 at position 0");
    const auto computed =
        std::make_shared<ov::op::v1::Add>(ids, ov::op::v0::Constant::create(type, {}, {-1}));
    Engine from_end = test::engine_of(test::load_ir(
        test::model_of(std::make_shared<ov::op::v8::Gather>(table, computed, axis), {ids})));
    const Tensors rows = test::run(from_end, inputs);  // row -2 is row 5
    const auto values = rows.begin()->second.as<float>();
    for (std::size_t i = 0; i < 6; ++i)
      EXPECT_EQ(values[i], table->cast_vector<float>()[15 + i % 3]) << type;
  }
}

TEST(EngineErrors, IndicesOutsideAnEmbedding) {
  const auto ids = test::parameter({-1, -1}, "ids", ov::element::i64);
  const auto node = std::make_shared<ov::op::v8::Gather>(test::normal_constant({7, 3}, 1), ids,
                                                         test::integers({}, {0}));
  node->set_friendly_name("table");
  Engine engine = test::engine_of(test::load_ir(test::model_of(node, {ids})));
  for (const std::int64_t bad : {std::int64_t{7}, std::int64_t{1} << 30}) {
    const auto outputs = engine.run({{"ids", test::index_tensor({2, 2}, {0, 1, 6, bad})}});
    ASSERT_FALSE(outputs.ok()) << bad;
    EXPECT_EQ(outputs.error().kind, ErrorKind::kInput);
    EXPECT_NE(outputs.error().where.find("table"), std::string::npos) << outputs.error().message();
    EXPECT_NE(outputs.error().found.find(std::to_string(bad) + " at position 3"), std::string::npos)
        << outputs.error().message();
  }
  for (const std::int64_t bad : {std::int64_t{-7}, (std::int64_t{1} << 40) + 3}) {
    const auto outputs = engine.run({{"ids", test::index_tensor({2, 2}, {0, 1, 6, bad})}});
    ASSERT_FALSE(outputs.ok()) << bad;
    EXPECT_EQ(outputs.error().kind, ErrorKind::kInput);
    EXPECT_NE(outputs.error().where.find("'ids'"), std::string::npos) << outputs.error().message();
    EXPECT_NE(outputs.error().found.find(std::to_string(bad) + " at position 3"), std::string::npos)
        << outputs.error().message();
  }
}

TEST(EngineErrors, WeightsThatAreNotFinite) {
  const auto x = test::parameter({-1, 2});
  const auto node =
      std::make_shared<ov::op::v0::MatMul>(x, test::constant({2, 1}, {1, std::nanf("")}, "broken"));
  const auto engine =
      Engine::create(test::load_ir(test::model_of(node, {x})), {.chosen = {true}, .threads = 1});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, ErrorKind::kInput);
  EXPECT_NE(engine.error().message().find("broken"), std::string::npos);
}

TEST(EngineErrors, OneFlagForEachLayer) {
  const auto engine = Engine::create(test::load_ir(two_layers()), {.chosen = {true}, .threads = 1});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, ErrorKind::kUsage);
}

// NaN in the data is no reason to stop: it comes out again.
TEST(EngineErrors, NaNInTheDataComesOut) {
  Engine engine = test::engine_of(test::load_ir(two_layers()));
  Tensor x = some_inputs().at("x");
  x.as<float>()[0] = std::nanf("");
  for (const char* name : {"posit<8,1>", "fp8_e4m3", "int8"}) {
    test::apply(engine,
                engine.uniform(weight_setting(name), activation_setting(name, ScaleRule::kAbsmax,
                                                                        ActivationScale::kToken)));
    const Tensors outputs = test::run(engine, {{"x", x}});
    const auto y = outputs.at("y").as<float>();
    if (engine.paths()[0] != "int8") {
      EXPECT_TRUE(std::isnan(y[0])) << name;
    }
    EXPECT_FALSE(std::isnan(y[5])) << name;
  }
}

}  // namespace
}  // namespace posittune::engine
