// Errors at the outputs of layers, against running the layers.

#include "posittune/engine/layer_errors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>

#include "posittune/engine/input_statistics.h"
#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::Granularity;
using quant::ScaleRule;
using test::activation_setting;
using test::weight_setting;

constexpr std::size_t kPlenty = 1U << 20;

// Outputs are floats: 2^-24 of an output that is up to 1000 times the error in it, and fp32 sums.
constexpr double kRounding = 2e-4;

std::size_t layer_named(const Engine& engine, const std::string& name) {
  const auto& layers = engine.graph().layers;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].name == name) return l;
  }
  ADD_FAILURE() << "no layer " << name;
  return 0;
}

Engine engine_with(const std::shared_ptr<ov::Model>& model, std::size_t covariance_bytes) {
  model::Graph graph = test::load_ir(model);
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine = Engine::create(std::move(graph),
                               {.chosen = all, .threads = 2, .covariance_bytes = covariance_bytes});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());
}

// The weight is (out, in).
std::shared_ptr<ov::Node> product(const ov::Output<ov::Node>& x, std::size_t out, unsigned seed,
                                  const std::string& name) {
  const std::size_t in = static_cast<std::size_t>(x.get_partial_shape().rbegin()->get_length());
  auto node = std::make_shared<ov::op::v0::MatMul>(
      x, test::normal_constant({out, in}, seed, "w_" + name, 0.2F), false, true);
  node->set_friendly_name(name);
  node->output(0).set_names({"y_" + name});
  return node;
}

std::shared_ptr<ov::Model> model_of(const ov::NodeVector& outputs,
                                    const ov::ParameterVector& inputs) {
  ov::ResultVector results;
  for (const auto& output : outputs)
    results.push_back(std::make_shared<ov::op::v0::Result>(output));
  return std::make_shared<ov::Model>(results, inputs);
}

// x -> a (17), b (5); a -> relu -> c (6). All three are outputs.
std::shared_ptr<ov::Model> three_products() {
  const auto x = test::parameter({-1, -1, 12});
  const auto a = product(x, 17, 1, "a"), b = product(x, 5, 2, "b");
  const auto c = product(std::make_shared<ov::op::v0::Relu>(a), 6, 3, "c");
  return model_of({a, b, c}, {x});
}

// Far more tokens than the sample holds, of columns that are alike.
std::vector<Tensors> batches(std::size_t count = 3, std::size_t items = 10,
                             std::size_t length = 31) {
  std::vector<Tensors> all;
  for (std::size_t i = 0; i < count; ++i) {
    Tensor x = test::normal_tensor({items, length, 12}, static_cast<unsigned>(10 + i));
    for (std::size_t k = 1; k < x.size(); ++k) x.as<float>()[k] += 0.7F * x.as<float>()[k - 1];
    all.push_back({{"x", std::move(x)}});
  }
  return all;
}

void calibrate(Engine& engine, const std::vector<Tensors>& data) {
  for (const Tensors& batch : data) test::calibrate(engine, batch);
}

// Of an output, before and after: the last axis of matrix products is the channel, axis 1 of
// images.
struct Measured {
  std::vector<double> channels;
  double error = 0, signal = 0;
};
Measured measured(const std::vector<Tensor>& exact, const std::vector<Tensor>& rounded,
                  bool images) {
  Measured result;
  double count = 0;
  for (std::size_t b = 0; b < exact.size(); ++b) {
    const TensorShape& shape = exact[b].shape;
    const std::size_t channels = images ? shape[1] : shape.back();
    std::size_t inner = 1;
    for (std::size_t i = 2; images && i < shape.size(); ++i) inner *= shape[i];
    result.channels.resize(channels, 0);
    count +=
        images ? static_cast<double>(shape[0]) : static_cast<double>(exact[b].size() / channels);
    for (std::size_t i = 0; i < exact[b].size(); ++i) {
      const double x = exact[b].as<float>()[i], y = rounded[b].as<float>()[i];
      result.channels[i / inner % channels] += (x - y) * (x - y);
      result.signal += x * x;
    }
  }
  for (double& channel : result.channels) channel /= count;
  result.signal /= count;
  result.error = std::accumulate(result.channels.begin(), result.channels.end(), 0.0);
  return result;
}

std::vector<Tensor> outputs(Engine& engine, const std::vector<Tensors>& data,
                            const std::string& name) {
  std::vector<Tensor> all;
  for (const Tensors& batch : data) all.push_back(test::run(engine, batch).at(name));
  return all;
}

// What `recipe` does to an output.
Measured run_with(Engine& engine, const quant::Recipe& recipe, const std::vector<Tensors>& data,
                  const std::string& output, bool images = false) {
  test::apply(engine, {});
  const auto exact = outputs(engine, data, output);
  test::apply(engine, recipe);
  const auto rounded = outputs(engine, data, output);
  test::apply(engine, {});
  return measured(exact, rounded, images);
}

void expect_equal(const Result<OutputError>& got, const Measured& expected,
                  double tolerance = kRounding) {
  ASSERT_TRUE(got.ok()) << got.error().message();
  ASSERT_EQ(got->channels.size(), expected.channels.size());
  EXPECT_NEAR(got->error, std::accumulate(got->channels.begin(), got->channels.end(), 0.0),
              1e-12 * got->error);
  EXPECT_NEAR(got->error, expected.error, tolerance * expected.error);
  EXPECT_NEAR(got->signal, expected.signal, tolerance * expected.signal);
  // A channel with little error has the rounding of its outputs.
  const double floor = 1e-13 * expected.signal;
  for (std::size_t c = 0; c < expected.channels.size(); ++c) {
    EXPECT_NEAR(got->channels[c], expected.channels[c], tolerance * expected.channels[c] + floor)
        << c;
  }
}

// Of the input of a matrix product, whose channels are not told apart.
void expect_sums(const Result<OutputError>& got, const Measured& expected) {
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_TRUE(got->channels.empty());
  EXPECT_NEAR(got->error, expected.error, kRounding * expected.error);
  EXPECT_NEAR(got->signal, expected.signal, kRounding * expected.signal);
}

void expect_usage(const Result<OutputError>& got, const std::string& named) {
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, ErrorKind::kUsage) << got.error().message();
  EXPECT_NE(got.error().message().find(named), std::string::npos) << got.error().message();
}

std::vector<quant::WeightSetting> weight_settings() {
  std::vector<quant::WeightSetting> settings = {
      weight_setting("posit<8,1>"),
      weight_setting("int4", ScaleRule::kMse),
      weight_setting("int4", ScaleRule::kMsePow2, Granularity::kChannel),
      weight_setting("posit<6,1>", ScaleRule::kAbsmax, Granularity::kGroup, 5),
      weight_setting("mxfp4", ScaleRule::kNone),
      weight_setting("int8", ScaleRule::kMse, Granularity::kChannel)};
  settings.back().input_weighted = true;
  settings.push_back(weight_setting("posit<8,1>"));
  settings.back().windows = {{1, 2, test::format("int3"), ScaleRule::kMse}};
  return settings;
}

TEST(WeightError, MatMulEqualsRunningAllTokens) {
  Engine engine = engine_with(three_products(), kPlenty);
  const auto data = batches();
  calibrate(engine, data);
  for (const std::string name : {"a", "b", "c"}) {
    for (const quant::WeightSetting& setting : weight_settings()) {
      SCOPED_TRACE(name + " " + formats::name(setting.format));
      quant::Recipe recipe;
      recipe.weights["w_" + name] = setting;
      expect_equal(engine.weight_error(layer_named(engine, name), setting),
                   run_with(engine, recipe, data, "y_" + name));
    }
  }
}

TEST(WeightError, TheRecipeThatIsAppliedDoesNotMatterNorChange) {
  Engine engine = engine_with(three_products(), kPlenty);
  const auto data = batches(1);
  calibrate(engine, data);
  const auto setting = weight_setting("int4");
  const std::size_t layer = layer_named(engine, "c");
  const auto before = engine.weight_error(layer, setting);
  const auto inputs_before = engine.activation_error(layer, activation_setting("int4"));
  test::apply(engine,
              engine.uniform(weight_setting("posit<6,1>"), activation_setting("posit<6,1>")));
  const Tensors output = test::run(engine, data[0]);
  const auto after = engine.weight_error(layer, setting);
  const auto inputs_after = engine.activation_error(layer, activation_setting("int4"));
  ASSERT_TRUE(before.ok() && after.ok() && inputs_before.ok() && inputs_after.ok());
  EXPECT_EQ(before->channels, after->channels);
  EXPECT_EQ(before->signal, after->signal);
  EXPECT_EQ(inputs_before->error, inputs_after->error);
  EXPECT_TRUE(test::same_bits(test::run(engine, data[0]), output));
}

TEST(WeightError, MoreCalibrationDataCount) {
  Engine engine = engine_with(three_products(), kPlenty);
  const auto data = batches(2);
  const auto setting = weight_setting("int4", ScaleRule::kMse);
  quant::Recipe recipe;
  recipe.weights["w_a"] = setting;
  const std::size_t layer = layer_named(engine, "a");
  test::calibrate(engine, data[0]);
  expect_equal(engine.weight_error(layer, setting), run_with(engine, recipe, {data[0]}, "y_a"));
  test::calibrate(engine, data[1]);
  expect_equal(engine.weight_error(layer, setting), run_with(engine, recipe, data, "y_a"));
}

TEST(WeightError, LayersWithOneInputShareItsCovariance) {
  // Room for one matrix of 12 x 12 only: enough for q, k and v.
  const auto x = test::parameter({-1, 12});
  Engine engine = engine_with(
      model_of({product(x, 12, 1, "q"), product(x, 12, 2, "k"), product(x, 7, 3, "v")}, {x}),
      12 * 12 * 4);
  test::calibrate(engine, {{"x", test::normal_tensor({40, 12}, 1)}});
  const InputCovariance* q = engine.covariance(layer_named(engine, "q"));
  ASSERT_NE(q, nullptr);
  EXPECT_TRUE(q->full());
  EXPECT_EQ(q->cols(), 12u);
  EXPECT_EQ(q->count(), 40u);  // not once for each layer
  EXPECT_EQ(engine.covariance(layer_named(engine, "k")), q);
  EXPECT_EQ(engine.covariance(layer_named(engine, "v")), q);

  Engine other = engine_with(three_products(), kPlenty);
  EXPECT_EQ(other.covariance(layer_named(other, "a")), other.covariance(layer_named(other, "b")));
  EXPECT_NE(other.covariance(layer_named(other, "a")), other.covariance(layer_named(other, "c")));
}

TEST(WeightError, ALayerThatIsNotChosenHoldsNothing) {
  model::Graph graph = test::load_ir(three_products());
  std::vector<bool> chosen;
  for (const model::Layer& layer : graph.layers) chosen.push_back(layer.name != "a");
  auto engine = Engine::create(std::move(graph),
                               {.chosen = chosen, .threads = 2, .covariance_bytes = kPlenty});
  ASSERT_TRUE(engine.ok());
  const std::size_t a = layer_named(*engine, "a"), b = layer_named(*engine, "b");
  EXPECT_EQ(engine->covariance(a), nullptr);
  ASSERT_NE(engine->covariance(b), nullptr);
  calibrate(*engine, batches(1));
  EXPECT_EQ(engine->covariance(b)->count(), 310u);
  expect_usage(engine->weight_error(a, weight_setting("int8")), "'a'");
  expect_usage(engine->activation_error(a, activation_setting("int8")), "'a'");
  EXPECT_TRUE(engine->weight_error(b, weight_setting("int8")).ok());
}

// The smallest matrices come first; what finds no place has its diagonal.
TEST(WeightError, DiagonalWhereMemoryIsShort) {
  struct Case {
    std::size_t bytes;
    bool a, c;
  };
  for (const Case& room :
       {Case{4 * (12 * 12 + 17 * 17), true, true}, Case{4 * (12 * 12 + 17 * 17) - 1, true, false},
        Case{4 * 12 * 12, true, false}, Case{4 * 12 * 12 - 1, false, false},
        Case{1, false, false}}) {
    Engine engine = engine_with(three_products(), room.bytes);
    EXPECT_EQ(engine.covariance(layer_named(engine, "a"))->full(), room.a) << room.bytes;
    EXPECT_EQ(engine.covariance(layer_named(engine, "c"))->full(), room.c) << room.bytes;
  }
  Engine engine = engine_with(three_products(), 1);
  const auto data = batches(1);
  calibrate(engine, data);
  const auto setting = weight_setting("int4", ScaleRule::kAbsmax, Granularity::kChannel);
  const auto w = test::normal(5 * 12, 0.2F, 2);
  const auto scales = quant::choose_scales(setting.format, setting.rule, w, {5, 12}, true).value();
  const auto q = test::quantized(setting.format, w, {5, 12}, scales);
  const auto x = data[0].at("x").as<float>();
  Measured expected{.channels = std::vector<double>(5, 0)};
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t c = 0; c < 12; ++c) {
      double square = 0;
      for (std::size_t i = c; i < x.size(); i += 12)
        square += double{x[i]} * x[i] / (static_cast<double>(x.size()) / 12);
      const double d = double{w[r * 12 + c]} - q[r * 12 + c];
      expected.channels[r] += d * d * square;
      expected.signal += double{w[r * 12 + c]} * w[r * 12 + c] * square;
    }
    expected.error += expected.channels[r];
  }
  expect_equal(engine.weight_error(layer_named(engine, "b"), setting), expected, 1e-5);
}

// Scales that are searched for with E[x_k^2] have the least error where that is all that counts.
TEST(WeightError, InputWeightedScalesAreBestForTheDiagonal) {
  Engine engine = engine_with(three_products(), 1);
  auto data = batches(1);
  for (std::size_t i = 0; i < data[0].at("x").size(); ++i) {
    if (i % 12 < 4) data[0].at("x").as<float>()[i] *= 30;
  }
  calibrate(engine, data);
  auto setting = weight_setting("int3", ScaleRule::kMsePow2, Granularity::kChannel);
  const auto plain = engine.weight_error(layer_named(engine, "a"), setting);
  setting.input_weighted = true;
  const auto weighted = engine.weight_error(layer_named(engine, "a"), setting);
  ASSERT_TRUE(plain.ok() && weighted.ok());
  for (std::size_t c = 0; c < 17; ++c)
    EXPECT_LE(weighted->channels[c], plain->channels[c] * (1 + 1e-5)) << c;
  EXPECT_LT(weighted->error, plain->error);
}

std::shared_ptr<ov::Model> embedding(ov::element::Type type) {
  const auto ids = test::parameter({-1, -1}, "ids", type);
  auto rows = std::make_shared<ov::op::v8::Gather>(test::normal_constant({11, 8}, 1, "table"), ids,
                                                   test::integers({}, {0}));
  rows->set_friendly_name("rows");
  rows->output(0).set_names({"y"});
  return model_of({rows}, {ids});
}

TEST(WeightError, EmbeddingsCountRowsByUse) {
  // Of 12: row 3 four times, row 10 three times, 0, 1, 2, 5 and 6 once each.
  const std::vector<std::int64_t> ids = {3, 3, 10, 10, 0, 1, 3, 2, 5, 6, 10, 3};
  const auto setting = weight_setting("int4", ScaleRule::kMse);
  const auto w = test::normal(11 * 8, 1, 1);
  const auto q = test::quantized(
      setting.format, w, {11, 8},
      quant::choose_scales(setting.format, setting.rule, w, {1, 88}, false).value());
  Measured expected{.channels = std::vector<double>(11, 0)};
  for (const std::int64_t id : ids) {
    const std::size_t r = static_cast<std::size_t>((id + 11) % 11);
    for (std::size_t c = 0; c < 8; ++c) {
      const double d = double{w[r * 8 + c]} - q[r * 8 + c];
      expected.channels[r] += d * d / 12;
      expected.error += d * d / 12;
      expected.signal += double{w[r * 8 + c]} * w[r * 8 + c] / 12;
    }
  }
  for (const std::size_t bytes : {std::size_t{0}, kPlenty}) {  // embeddings need no covariance
    Engine engine = engine_with(embedding(ov::element::i64), bytes);
    expect_usage(engine.weight_error(0, setting), "'rows'");
    test::calibrate(engine, {{"ids", test::index_tensor({2, 3}, {3, 3, 10, 10, 0, 1})}});
    test::calibrate(engine, {{"ids", test::index_tensor({1, 6}, {3, 2, 5, 6, 10, 3})}});
    const auto got = engine.weight_error(0, setting);
    expect_equal(got, expected, 1e-12);
    EXPECT_EQ(got->channels[4], 0);
    EXPECT_EQ(engine.covariance(0), nullptr);
    expect_usage(engine.activation_error(0, activation_setting("int8")), "'rows'");
  }
  Engine narrow = engine_with(embedding(ov::element::i32), 0);
  Tensor narrow_ids = Tensor::zeros(ElementType::kI32, {1, 12});
  std::copy(ids.begin(), ids.end(), narrow_ids.as<std::int32_t>().begin());
  test::calibrate(narrow, {{"ids", narrow_ids}});
  expect_equal(narrow.weight_error(0, setting), expected, 1e-12);
}

enum class Kind { kPlain, kGrouped, kTransposed };

std::shared_ptr<ov::Model> convolution(Kind kind, bool relu) {
  const auto x = test::parameter({-1, 4, -1, -1});
  const ov::Strides ones = {1, 1};
  const ov::CoordinateDiff pads = {1, 1};
  std::shared_ptr<ov::Node> node;
  if (kind == Kind::kPlain) {
    node = std::make_shared<ov::op::v1::Convolution>(x, test::normal_constant({6, 4, 3, 3}, 1),
                                                     ones, pads, pads, ones);
  } else if (kind == Kind::kGrouped) {
    node = std::make_shared<ov::op::v1::GroupConvolution>(
        x, test::normal_constant({2, 3, 2, 3, 3}, 1), ones, pads, pads, ones);
  } else {
    node = std::make_shared<ov::op::v1::ConvolutionBackpropData>(
        x, test::normal_constant({4, 6, 3, 3}, 1), ov::Strides{2, 2}, pads, pads, ones);
  }
  node->set_friendly_name("conv");
  if (relu) node = std::make_shared<ov::op::v0::Relu>(node);
  node->output(0).set_names({"y"});
  return model_of({node}, {x});
}

class ConvolutionError : public testing::TestWithParam<Kind> {};

// Also where the node does more than the layer (ReLU): the error is that of the layer.
TEST_P(ConvolutionError, OfFewImagesIsThatOfAll) {
  const std::vector<Tensors> data = {{{"x", test::normal_tensor({3, 4, 6, 5}, 1)}},
                                     {{"x", test::normal_tensor({2, 4, 6, 5}, 2)}}};
  Engine layer = engine_with(convolution(GetParam(), false), 0),
         fused = engine_with(convolution(GetParam(), true), 0);
  expect_usage(layer.weight_error(0, weight_setting("int8")), "'conv'");
  expect_usage(layer.activation_error(0, activation_setting("int8")), "'conv'");
  calibrate(layer, data);
  calibrate(fused, data);
  EXPECT_EQ(layer.covariance(0), nullptr);
  const std::string weight = layer.graph().weights[0].name;
  for (const quant::WeightSetting& setting : weight_settings()) {
    SCOPED_TRACE(formats::name(setting.format));
    quant::Recipe recipe;
    recipe.weights[weight] = setting;
    const Measured expected = run_with(layer, recipe, data, "y", true);
    ASSERT_EQ(expected.channels.size(), 6u);
    expect_equal(layer.weight_error(0, setting), expected);
    expect_equal(fused.weight_error(0, setting), expected);
  }
  for (const auto scale :
       {ActivationScale::kStatic, ActivationScale::kOutput, ActivationScale::kToken}) {
    const auto setting = activation_setting("int4", ScaleRule::kAbsmax, scale);
    quant::Recipe recipe;
    recipe.activations["conv"] = setting;
    const Measured expected = run_with(layer, recipe, data, "y", true);
    expect_equal(layer.activation_error(0, setting), expected);
    expect_equal(fused.activation_error(0, setting), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ConvolutionError,
                         testing::Values(Kind::kPlain, Kind::kGrouped, Kind::kTransposed));

// More images than the sample holds: of those that are in it.
TEST(WeightError, ConvolutionsOfSampledImages) {
  constexpr std::size_t kImages = 400, kSize = 4 * 3 * 3;
  const Tensor all = test::normal_tensor({kImages, 4, 3, 3}, 1);
  InputStatistics statistics;
  ASSERT_TRUE(statistics.add(all.as<float>(), {kImages, kSize}, {4, 3, 3}, 2).ok());
  const std::size_t sampled = statistics.sample_shape().rows;
  ASSERT_EQ(sampled, 256u);
  const std::vector<float> sample(statistics.sample().begin(), statistics.sample().end());
  Engine engine = engine_with(convolution(Kind::kPlain, false), 0);
  test::calibrate(engine, {{"x", all}});
  const auto setting = weight_setting("int4", ScaleRule::kMse);
  quant::Recipe recipe;
  recipe.weights[engine.graph().weights[0].name] = setting;
  expect_equal(engine.weight_error(0, setting),
               run_with(engine, recipe, {{{"x", test::float_tensor({sampled, 4, 3, 3}, sample)}}},
                        "y", true));
}

// 200 tokens: all of them are in the sample.
TEST(ActivationError, MatMulByHand) {
  Engine engine = engine_with(three_products(), 0);  // needs no covariance
  const auto data = batches(1, 4, 50);
  calibrate(engine, data);
  const auto x = data[0].at("x").as<float>();
  const auto w = test::normal(5 * 12, 0.2F, 2);
  const kernels::Shape shape = {200, 12};
  for (const char* name : {"int4", "posit<6,1>", "posit<8,1>", "mxfp4"}) {
    for (const bool token : {false, true}) {
      const auto setting = activation_setting(
          name, ScaleRule::kRmsPow2, token ? ActivationScale::kToken : ActivationScale::kStatic);
      const auto scales = quant::choose_scales(setting.format, setting.rule, x,
                                               token ? shape : kernels::Shape{1, x.size()}, token);
      ASSERT_TRUE(scales.ok());
      const auto q = test::quantized(setting.format, x, shape, *scales);
      Measured expected;
      for (std::size_t t = 0; t < shape.rows; ++t) {
        for (std::size_t r = 0; r < 5; ++r) {
          double y = 0, d = 0;
          for (std::size_t c = 0; c < 12; ++c) {
            y += double{w[r * 12 + c]} * x[t * 12 + c];
            d += double{w[r * 12 + c]} * (double{x[t * 12 + c]} - q[t * 12 + c]);
          }
          expected.error += d * d / 200;
          expected.signal += y * y / 200;
        }
      }
      SCOPED_TRACE(std::string(name) + (token ? " token" : ""));
      expect_sums(engine.activation_error(layer_named(engine, "b"), setting), expected);
    }
  }
}

TEST(ActivationError, EqualsARunOnTheSample) {
  Engine engine = engine_with(three_products(), 0);
  const auto data = batches(1, 4, 50);
  calibrate(engine, data);
  for (const std::string name : {"a", "c"}) {
    for (const auto scale : {ActivationScale::kStatic, ActivationScale::kOutput}) {
      const auto setting = activation_setting("int4", ScaleRule::kMse, scale);
      quant::Recipe recipe;
      recipe.activations[name] = setting;
      SCOPED_TRACE(name);
      expect_sums(engine.activation_error(layer_named(engine, name), setting),
                  run_with(engine, recipe, data, "y_" + name));
    }
  }
}

TEST(OutputErrors, NeedCalibrationData) {
  Engine engine = engine_with(three_products(), kPlenty);
  for (const std::string name : {"a", "b", "c"}) {
    const std::size_t layer = layer_named(engine, name);
    expect_usage(engine.weight_error(layer, weight_setting("int8")), "'" + name + "'");
    for (const auto scale :
         {ActivationScale::kStatic, ActivationScale::kOutput, ActivationScale::kToken}) {
      expect_usage(
          engine.activation_error(layer, activation_setting("int8", ScaleRule::kAbsmax, scale)),
          "'" + name + "'");
      expect_usage(
          engine.activation_error(layer, activation_setting("int8", ScaleRule::kNone, scale)),
          "'" + name + "'");
    }
  }
  Engine without = engine_with(three_products(), 0);
  calibrate(without, batches(1));
  EXPECT_EQ(without.covariance(0), nullptr);
  expect_usage(without.weight_error(layer_named(without, "a"), weight_setting("int8")), "'a'");
}

TEST(OutputErrors, BadSettingsNameTheWeight) {
  Engine engine = engine_with(three_products(), kPlenty);
  const std::size_t layer = layer_named(engine, "b");
  auto setting = weight_setting("int8");
  setting.input_weighted = true;
  expect_usage(engine.weight_error(layer, setting), "'w_b'");
  calibrate(engine, batches(1));
  EXPECT_TRUE(engine.weight_error(layer, setting).ok());
  setting = weight_setting("int8", ScaleRule::kMse, Granularity::kGroup, 0);
  expect_usage(engine.weight_error(layer, setting), "'w_b'");
  setting = weight_setting("mxfp8", ScaleRule::kNone, Granularity::kGroup, 5);
  expect_usage(engine.weight_error(layer, setting), "'w_b'");
  setting = weight_setting("int8");
  setting.windows = {{4, 2, test::format("int4")}};  // of 5 channels
  expect_usage(engine.weight_error(layer, setting), "'w_b'");
  expect_usage(engine.activation_error(
                   layer, activation_setting("int8", ScaleRule::kMse, ActivationScale::kToken)),
               "mse");
}

TEST(OutputErrors, AttentionHasNoWeight) {
  const auto x = test::parameter({-1, 6, 6});
  auto node = std::make_shared<ov::op::v0::MatMul>(x, x, false, true);
  node->set_friendly_name("scores");
  node->output(0).set_names({"y"});
  Engine engine = engine_with(model_of({node}, {x}), kPlenty);
  ASSERT_EQ(engine.graph().layers.size(), 1u);
  test::calibrate(engine, {{"x", test::normal_tensor({2, 6, 6}, 1)}});
  expect_usage(engine.weight_error(0, weight_setting("int8")), "'scores'");
  expect_usage(engine.activation_error(0, activation_setting("int8")), "'scores'");
}

}  // namespace
}  // namespace posittune::engine
