// Recipes on models of a few layers: what changes, what stays, and what it
// costs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <openvino/op/add.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>
#include <tuple>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using test::activation_setting;
using test::weight_setting;

std::shared_ptr<ov::Node> product(const ov::Output<ov::Node>& x, const ov::Output<ov::Node>& w,
                                  const std::string& name) {
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
  return std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<ov::op::v0::Result>(left),
                                                      std::make_shared<ov::op::v0::Result>(right)},
                                     ov::ParameterVector{x});
}

// One 16 x 16 weight three times, and one of its own.
std::shared_ptr<ov::Model> shared_depths() {
  const auto x = test::parameter({-1, 16});
  const auto w = test::normal_constant({16, 16}, 3, "shared", 0.3F);
  ov::Output<ov::Node> h = x;
  for (const char* name : {"first", "second", "third"})
    h = std::make_shared<ov::op::v0::Relu>(product(h, w, name));
  return test::model_of(product(h, test::normal_constant({16, 4}, 4, "head"), "last"), {x});
}

TEST(EngineRecipe, OneLayerChangesOnlyThatLayer) {
  Engine engine = test::engine_of(test::load_ir(two_branches()));
  const Tensors inputs = {{"x", test::normal_tensor({5, 24}, 1)}};
  test::calibrate(engine, inputs);
  const Tensors before = test::run(engine, inputs);
  for (const bool activations : {false, true}) {
    quant::Recipe recipe;
    recipe.weights["wl"] = weight_setting("posit<6,1>");
    if (activations) recipe.activations["left"] = activation_setting("posit<6,1>");
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
  const auto recipe = [&](const char* format, quant::ScaleRule rule) {
    return engine.uniform(weight_setting(format, rule), activation_setting(format, rule));
  };
  std::vector<quant::Recipe> recipes = {recipe("posit<8,1>", quant::ScaleRule::kRmsPow2),
                                        recipe("int8", quant::ScaleRule::kMse),
                                        engine.uniform(weight_setting("mxfp8"), {}),
                                        {}};
  recipes.push_back(recipes[0]);
  recipes.back().accumulate = quant::Accumulate::kQuire;
  std::vector<Tensors> outputs;
  for (const auto& each : recipes) {
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
  const auto q = [](const std::vector<float>& w) {
    const auto format = test::format("int4");
    const auto scale =
        quant::choose_scales(format, quant::ScaleRule::kRmsPow2, w, {1, w.size()}, false).value();
    return test::quantized(format, w, {1, w.size()}, scale);
  };
  const auto w = test::constant({16, 16}, q(plain), "shared");
  ov::Output<ov::Node> h = x;
  for (int i = 0; i < 3; ++i)
    h = std::make_shared<ov::op::v0::Relu>(product(h, w, "m" + std::to_string(i)));
  const auto reference = test::model_of(product(h, test::constant({16, 4}, q(head)), "last"), {x});
  const Tensors inputs = {{"x", test::normal_tensor({7, 16}, 1)}};
  test::apply(engine, recipe);
  EXPECT_LT(test::relative_difference(test::run(engine, inputs).at("y"),
                                      test::run_plain(reference, inputs).at("y")),
            1e-6);
}

// 256 and 64 weights.
TEST(EngineRecipe, BitsPerWeightByHand) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  EXPECT_EQ(engine.bits_per_weight({}), 32);
  // each: 8 bits a weight, 8 for the scale, 8 for the format
  EXPECT_EQ(engine.bits_per_weight(engine.uniform(weight_setting("posit<8,1>"), {})),
            (320.0 * 8 + 2 * 16) / 320);
  quant::Recipe mixed;
  mixed.weights["shared"] =
      weight_setting("int4", quant::ScaleRule::kMse, quant::Granularity::kChannel);
  EXPECT_EQ(engine.bits_per_weight(mixed), (256.0 * 4 + 16 * 32 + 8 + 64 * 32) / 320);
  mixed.activations["first"] =
      activation_setting("int8", quant::ScaleRule::kRmsPow2, quant::ActivationScale::kToken);
  EXPECT_EQ(engine.bits_per_weight(mixed), (256.0 * 4 + 16 * 32 + 8 + 64 * 32) / 320);
}

TEST(EngineRecipe, LayersThatAreNotChosenStayAsTheyAre) {
  model::Graph graph = test::load_ir(two_branches());
  const std::size_t left = graph.layers.at(0).name == "left" ? 0 : 1;
  auto engine = Engine::create(std::move(graph), {.chosen = {left == 0, left == 1}, .threads = 2});
  ASSERT_TRUE(engine.ok());
  EXPECT_TRUE(engine->chosen(left));
  EXPECT_FALSE(engine->chosen(1 - left));
  const auto recipe = engine->uniform(weight_setting("int8"), activation_setting("int8"));
  EXPECT_EQ(recipe.weights.size(), 1u);
  EXPECT_EQ(recipe.activations.size(), 1u);
  EXPECT_EQ(engine->bits_per_weight(recipe), (24.0 * 30 * 8 + 16 + 24 * 9 * 32) / (24 * 39));
}

TEST(EngineRecipe, UniformNamesNoActivationOfEmbeddings) {
  const auto ids = test::parameter({-1}, "ids", ov::element::i64);
  const auto rows = std::make_shared<ov::op::v8::Gather>(test::normal_constant({9, 8}, 1), ids,
                                                         test::integers({}, {0}));
  const auto model =
      test::model_of(product(rows, test::normal_constant({8, 3}, 2, "w2"), "product"), {ids});
  Engine engine = test::engine_of(test::load_ir(model));
  const auto recipe = engine.uniform(weight_setting("int8"), activation_setting("int8"));
  EXPECT_EQ(recipe.weights.size(), 2u);
  ASSERT_EQ(recipe.activations.size(), 1u);
  EXPECT_EQ(recipe.activations.begin()->first, "product");
}

// Ports without tensor names go by the names of their nodes.
TEST(EngineRecipe, PortsWithoutTensorNames) {
  const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 6});
  x->set_friendly_name("unnamed in");
  const auto node = product(x, test::normal_constant({6, 4}, 1), "m");
  const auto result = std::make_shared<ov::op::v0::Result>(node);
  result->set_friendly_name("unnamed out");
  model::Graph graph =
      test::load_ir(std::make_shared<ov::Model>(ov::ResultVector{result}, ov::ParameterVector{x}));
  ASSERT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(graph.inputs[0].name, "unnamed in");
  const std::string output = graph.outputs.at(0).name;
  Engine engine = test::engine_of(std::move(graph));
  const Tensors outputs = test::run(engine, {{"unnamed in", test::normal_tensor({3, 6}, 1)}});
  ASSERT_TRUE(outputs.contains(output)) << output;
  EXPECT_EQ(outputs.at(output).shape, (TensorShape{3, 4}));
}

TEST(EngineRecipe, NoTokensGiveNoOutputs) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  const Tensors inputs = {{"x", Tensor::zeros(ElementType::kF32, {0, 16})}};
  for (const auto& recipe :
       {quant::Recipe{}, engine.uniform(weight_setting("int8"),
                                        activation_setting("int8", quant::ScaleRule::kAbsmax,
                                                           quant::ActivationScale::kToken))}) {
    test::apply(engine, recipe);
    EXPECT_EQ(test::run(engine, inputs).at("y").shape, (TensorShape{0, 4}));
  }
}

struct WindowCase {
  const char* base;
  std::vector<std::tuple<std::size_t, std::size_t, const char*>> windows;
};

// A weight of 23 rows.
const std::vector<WindowCase>& window_cases() {
  static const std::vector<WindowCase> cases = {
      {"posit<8,1>", {{4, 6, "posit<6,1>"}}},
      {"posit<8,1>", {{0, 3, "int4"}, {3, 1, "posit<16,1>"}, {20, 3, "fp8_e4m3"}}},
      {"int8", {{1, 1, "int4"}, {5, 9, "int2"}, {22, 1, "int8"}}},
      {"mxfp4", {{2, 20, "mxfp8"}}},
      {"int4", {{0, 23, "int8"}}}};
  return cases;
}

quant::WeightSetting setting_of(const WindowCase& windows, quant::ScaleRule rule,
                                quant::Granularity granularity, std::size_t group = 0) {
  quant::WeightSetting setting = weight_setting(windows.base, rule, granularity, group);
  for (const auto& [first, count, format] : windows.windows) {
    // Another rule than the rest has.
    setting.windows.push_back({first, count, test::format(format), quant::ScaleRule::kAbsmax});
  }
  return setting;
}

// rows x cols, part by part, by loops.
std::vector<float> quantized_parts(const quant::WeightSetting& setting, const std::vector<float>& w,
                                   kernels::Shape shape) {
  std::vector<float> result(w.size());
  std::vector<int> owner(shape.rows, -1);
  for (std::size_t i = 0; i < setting.windows.size(); ++i) {
    for (std::size_t r = 0; r < setting.windows[i].count; ++r)
      owner.at(setting.windows[i].first + r) = static_cast<int>(i);
  }
  for (std::size_t first = 0, last = 0; first < shape.rows; first = last) {
    while (last < shape.rows && owner[last] == owner[first]) ++last;
    const bool own = owner[first] < 0;
    const formats::Format format =
        own ? setting.format : setting.windows[static_cast<std::size_t>(owner[first])].format;
    const quant::ScaleRule rule =
        own ? setting.rule : setting.windows[static_cast<std::size_t>(owner[first])].rule;
    const std::size_t width =
        setting.granularity == quant::Granularity::kGroup ? setting.group : shape.cols;
    for (std::size_t c = 0; c < shape.cols; c += width) {
      const kernels::Shape block{last - first, std::min(width, shape.cols - c)};
      std::vector<float> values;
      for (std::size_t r = first; r < last; ++r) {
        values.insert(values.end(), w.begin() + static_cast<std::ptrdiff_t>(r * shape.cols + c),
                      w.begin() + static_cast<std::ptrdiff_t>(r * shape.cols + c + block.cols));
      }
      const bool by_row = setting.granularity != quant::Granularity::kTensor;
      const auto scales = quant::choose_scales(format, rule, values, block, by_row).value();
      const auto q = test::quantized(format, values, block, scales);
      for (std::size_t i = 0; i < q.size(); ++i)
        result[(first + i / block.cols) * shape.cols + c + i % block.cols] = q[i];
    }
  }
  return result;
}

struct WindowedProduct {
  static constexpr std::size_t kIn = 70, kOut = 23;
  std::vector<float> w = test::normal(kOut * kIn, 0.3F, 1);
  WindowedProduct() {
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] *= std::ldexp(1.0F, static_cast<int>(i / kIn % 5) - 2);
  }
  std::shared_ptr<ov::Model> model(const std::vector<float>& values) const {
    const auto x = test::parameter({-1, kIn});
    const auto node =
        std::make_shared<ov::op::v0::MatMul>(x, test::constant({kOut, kIn}, values), false, true);
    node->set_friendly_name("m");
    return test::model_of(node, {x});
  }
};

// Of the unit vectors, a product gives the weights themselves.
TEST(EngineWindows, EachPartIsQuantizedOnItsOwn) {
  const WindowedProduct product;
  constexpr std::size_t kIn = WindowedProduct::kIn, kOut = WindowedProduct::kOut;
  Engine engine = test::engine_of(test::load_ir(product.model(product.w)));
  std::vector<float> ones(kIn * kIn, 0);
  for (std::size_t i = 0; i < kIn; ++i) ones[i * kIn + i] = 1;
  const Tensors inputs = {{"x", test::float_tensor({kIn, kIn}, ones)}};
  const Tensors plain = test::run(engine, inputs);
  const std::vector<std::pair<quant::Granularity, std::size_t>> granularities = {
      {quant::Granularity::kTensor, 0},
      {quant::Granularity::kChannel, 0},
      {quant::Granularity::kGroup, 32},
      {quant::Granularity::kGroup, 96}};
  for (const WindowCase& windows : window_cases()) {
    for (const auto& [granularity, group] : granularities) {
      for (const auto rule :
           {quant::ScaleRule::kRmsPow2, quant::ScaleRule::kMse, quant::ScaleRule::kNone}) {
        SCOPED_TRACE(std::string(windows.base) + " " + std::string(quant::name(granularity)) + " " +
                     std::string(quant::name(rule)));
        quant::Recipe recipe;
        const auto setting = setting_of(windows, rule, granularity, group);
        recipe.weights["w"] = setting;
        test::apply(engine, recipe);
        const auto expected = quantized_parts(setting, product.w, {kOut, kIn});
        const Tensor y = test::run(engine, inputs).at("y");
        for (std::size_t i = 0; i < expected.size(); ++i) {
          ASSERT_EQ(y.as<float>()[i % kIn * kOut + i / kIn], expected[i])
              << "row " << i / kIn << ", column " << i % kIn;
        }
      }
    }
  }
  test::apply(engine, {});
  EXPECT_TRUE(test::same_bits(test::run(engine, inputs), plain));
}

// Whatever multiplies: the paths that take scales out of the sum have one for each row then.
TEST(EngineWindows, EveryPathGivesTheProduct) {
  const WindowedProduct product;
  Engine engine = test::engine_of(test::load_ir(product.model(product.w)));
  const Tensors inputs = {{"x", test::normal_tensor({9, WindowedProduct::kIn}, 3)}};
  test::calibrate(engine, inputs);
  for (const WindowCase& windows : window_cases()) {
    for (const auto granularity : {quant::Granularity::kTensor, quant::Granularity::kChannel}) {
      for (const auto rule : {quant::ScaleRule::kRmsPow2, quant::ScaleRule::kMse}) {
        for (const char* activation : {"int8", "posit<8,1>"}) {
          quant::Recipe recipe;
          recipe.weights["w"] = setting_of(windows, rule, granularity);
          recipe.activations["m"] = activation_setting(activation);
          recipe.accumulate = quant::Accumulate::kQuire;
          test::apply(engine, recipe);
          EXPECT_EQ(engine.paths().at(0), "quire");
          const Tensors exact = test::run(engine, inputs);
          recipe.accumulate = quant::Accumulate::kFp32;
          test::apply(engine, recipe);
          SCOPED_TRACE(std::string(windows.base) + " " + activation + " " +
                       std::string(engine.paths().at(0)));
          // Sums of 70 products in float.
          EXPECT_LT(test::relative_difference(test::run(engine, inputs).at("y"), exact.at("y")),
                    70 * 0x1p-24);
        }
      }
    }
  }
}

// One path for the whole product: that of all parts where they agree.
TEST(EngineWindows, ThePathIsOneThatAllPartsHave) {
  const WindowedProduct product;
  Engine engine = test::engine_of(test::load_ir(product.model(product.w)));
  test::calibrate(engine, {{"x", test::normal_tensor({9, WindowedProduct::kIn}, 3)}});
  const auto path = [&](const char* base, const char* window) {
    quant::Recipe recipe;
    recipe.weights["w"] =
        setting_of({base, {{2, 3, window}}}, quant::ScaleRule::kMse, quant::Granularity::kTensor);
    recipe.activations["m"] = activation_setting("int8");
    test::apply(engine, recipe);
    return engine.paths().at(0);
  };
  const auto alone = [&](const char* base) { return path(base, base); };
  EXPECT_EQ(path("int8", "int4"), alone("int8"));
  EXPECT_EQ(path("posit<6,1>", "posit<8,1>"), alone("posit<8,1>"));
  EXPECT_EQ(path("posit<8,1>", "posit<16,1>"), "fp32");
  EXPECT_EQ(path("posit<16,1>", "posit<8,1>"), "fp32");
  if (alone("int8") != alone("posit<8,1>")) {
    EXPECT_EQ(path("int8", "posit<8,1>"), "fp32");
    EXPECT_EQ(path("posit<8,1>", "int8"), "fp32");
  }
}

TEST(EngineWindows, OfEmbeddings) {
  const auto ids = test::parameter({-1}, "ids", ov::element::i64);
  const auto rows = std::make_shared<ov::op::v8::Gather>(test::normal_constant({9, 8}, 1), ids,
                                                         test::integers({}, {0}));
  Engine engine = test::engine_of(test::load_ir(test::model_of(rows, {ids})));
  const auto setting = setting_of({"int4", {{2, 3, "posit<8,1>"}}}, quant::ScaleRule::kMse,
                                  quant::Granularity::kTensor);
  quant::Recipe recipe;
  recipe.weights["w"] = setting;
  test::apply(engine, recipe);
  const auto expected = quantized_parts(setting, test::normal(9 * 8, 1, 1), {9, 8});
  const Tensor y =
      test::run(engine, {{"ids", test::index_tensor({9}, {0, 1, 2, 3, 4, 5, 6, 7, 8})}}).at("y");
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), y.as<float>().begin()));
}

// Rows are output channels, whichever way the node stores them.
TEST(EngineWindows, OfConvolutions) {
  const auto w = test::normal(6 * 4 * 9, 1, 1);
  const auto setting = setting_of({"posit<6,1>", {{1, 2, "int4"}, {5, 1, "posit<8,1>"}}},
                                  quant::ScaleRule::kMse, quant::Granularity::kChannel);
  const auto q = quantized_parts(setting, w, {6, 36});
  const Tensors inputs = {{"x", test::normal_tensor({2, 4, 7, 5}, 2)}};
  for (const bool transposed : {false, true}) {
    const auto model = [&](const std::vector<float>& rows) {
      const auto x = test::parameter({-1, 4, -1, -1});
      std::vector<float> stored = rows;
      for (std::size_t i = 0; transposed && i < rows.size(); ++i)
        stored[(i / 9 % 4 * 6 + i / 36) * 9 + i % 9] = rows[i];
      const ov::Strides ones = {1, 1};
      const ov::CoordinateDiff pads = {1, 1};
      std::shared_ptr<ov::Node> node;
      if (transposed) {
        node = std::make_shared<ov::op::v1::ConvolutionBackpropData>(
            x, test::constant({4, 6, 3, 3}, stored), ones, pads, pads, ones);
      } else {
        node = std::make_shared<ov::op::v1::Convolution>(x, test::constant({6, 4, 3, 3}, stored),
                                                         ones, pads, pads, ones);
      }
      node->set_friendly_name("c");
      return test::model_of(node, {x});
    };
    Engine engine = test::engine_of(test::load_ir(model(w)));
    test::calibrate(engine, inputs);
    quant::Recipe recipe;
    recipe.weights["w"] = setting;
    test::apply(engine, recipe);
    // Sums of 36 products in float, in any order.
    EXPECT_LT(test::relative_difference(test::run(engine, inputs).at("y"),
                                        test::run_plain(model(q), inputs).at("y")),
              1e-5);
    // And on the path of bf16 where the machine has it.
    recipe.activations["c"] = activation_setting("posit<6,1>");
    test::apply(engine, recipe);
    const Tensors got = test::run(engine, inputs);
    recipe.accumulate = quant::Accumulate::kQuire;
    test::apply(engine, recipe);
    EXPECT_LT(test::relative_difference(got.at("y"), test::run(engine, inputs).at("y")), 1e-5);
  }
}

TEST(EngineWindows, BitsPerWeight) {
  Engine engine = test::engine_of(test::load_ir(shared_depths()));
  quant::Recipe recipe;  // 16 x 16 and 4 x 16 weights
  recipe.weights["shared"] = setting_of({"int8", {{4, 4, "int4"}}}, quant::ScaleRule::kRmsPow2,
                                        quant::Granularity::kChannel);
  EXPECT_EQ(engine.bits_per_weight(recipe),
            (192.0 * 8 + 64 * 4 + 12 * 8 + 4 * 32 + 3 * 8 + 64 * 32) / 320);
}

TEST(EngineWindows, ThatDoNotFitNameTheWeight) {
  const WindowedProduct product;
  Engine engine = test::engine_of(test::load_ir(product.model(product.w)));
  const Tensors inputs = {{"x", test::normal_tensor({9, WindowedProduct::kIn}, 3)}};
  quant::Recipe good;
  good.weights["w"] =
      setting_of(window_cases()[0], quant::ScaleRule::kMse, quant::Granularity::kTensor);
  test::apply(engine, good);
  const Tensors before = test::run(engine, inputs);
  constexpr std::size_t kMost = ~std::size_t{0};
  std::vector<quant::WeightSetting> bad;
  for (const WindowCase& windows :
       {WindowCase{"int8", {{0, 0, "int4"}}}, WindowCase{"int8", {{22, 2, "int4"}}},
        WindowCase{"int8", {{23, 1, "int4"}}}, WindowCase{"int8", {{kMost, 1, "int4"}}},
        WindowCase{"int8", {{1, kMost, "int4"}}},
        WindowCase{"int8", {{3, 4, "int4"}, {6, 1, "int4"}}},
        WindowCase{"int8", {{3, 4, "int4"}, {0, 1, "int4"}}}}) {
    bad.push_back(setting_of(windows, quant::ScaleRule::kMse, quant::Granularity::kTensor));
  }
  // Blocks of 32 in groups of 48.
  bad.push_back(setting_of({"int8", {{3, 4, "mxfp8"}}}, quant::ScaleRule::kMse,
                           quant::Granularity::kGroup, 48));
  for (const auto& setting : bad) {
    quant::Recipe recipe;
    recipe.weights["w"] = setting;
    const Status applied = engine.apply(recipe);
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().kind, ErrorKind::kUsage) << applied.error().message();
    EXPECT_NE(applied.error().where.find("'w'"), std::string::npos) << applied.error().message();
    EXPECT_TRUE(test::same_bits(test::run(engine, inputs), before));
  }
}

}  // namespace
}  // namespace posittune::engine
