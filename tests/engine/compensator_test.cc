// Compensated rounding, formats by row and bias correction in models that run.

#include "posittune/engine/compensator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::Granularity;
using quant::Rounding;
using quant::ScaleRule;
using quant::WeightSetting;
using test::activation_setting;
using test::weight_setting;

constexpr std::size_t kPlenty = 1U << 20, kIn = 24;

Engine engine_with(const std::shared_ptr<ov::Model>& model, bool held_out,
                   std::size_t bytes = kPlenty) {
  model::Graph graph = test::load_ir(model);
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine = Engine::create(
      std::move(graph),
      {.chosen = all, .threads = 2, .covariance_bytes = bytes, .held_out = held_out});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());
}

std::shared_ptr<ov::Node> product(const ov::Output<ov::Node>& x, const ov::Output<ov::Node>& weight,
                                  const std::string& name) {
  auto node = std::make_shared<ov::op::v0::MatMul>(x, weight, false, true);
  node->set_friendly_name(name);
  return node;
}

std::shared_ptr<ov::Model> one_product() {
  const auto x = test::parameter({-1, kIn});
  return test::model_of(product(x, test::normal_constant({31, kIn}, 1, "w", 0.2F), "a"), {x});
}

// Tokens whose columns are mixtures of a few sources, with a mean.
std::vector<float> mixtures(std::size_t tokens, unsigned seed, float own = 0.2F) {
  const auto mixing = test::normal(kIn * 5, 1, 77), sources = test::normal(tokens * 5, 1, seed),
             noise = test::normal(tokens * kIn, own, seed + 1);
  std::vector<float> x(tokens * kIn);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < kIn; ++c) {
      float sum = noise[t * kIn + c] + 0.3F;
      for (std::size_t p = 0; p < 5; ++p) sum += mixing[c * 5 + p] * sources[t * 5 + p];
      x[t * kIn + c] = sum;
    }
  }
  return x;
}

Tensors tokens_of(const std::vector<float>& x) {
  return {{"x", test::float_tensor({x.size() / kIn, kIn}, x)}};
}

void calibrate(Engine& engine, const std::vector<float>& x, std::size_t batch) {
  for (std::size_t first = 0; first < x.size(); first += batch * kIn) {
    const std::size_t count = std::min(batch * kIn, x.size() - first);
    test::calibrate(engine, tokens_of({x.begin() + static_cast<std::ptrdiff_t>(first),
                                       x.begin() + static_cast<std::ptrdiff_t>(first + count)}));
  }
}

WeightSetting compensated(const std::string& format, ScaleRule rule = ScaleRule::kMsePow2,
                          Granularity granularity = Granularity::kChannel) {
  WeightSetting setting =
      weight_setting(format, rule, granularity, granularity == Granularity::kGroup ? 8 : 0);
  setting.rounding = Rounding::kCompensated;
  return setting;
}

WeightSetting nearest(WeightSetting setting) {
  setting.rounding = Rounding::kNearest;
  return setting;
}

quant::Recipe recipe_of(const WeightSetting& setting, const std::string& weight = "w") {
  quant::Recipe recipe;
  recipe.weights[weight] = setting;
  return recipe;
}

double error(Engine& engine, const WeightSetting& setting, std::size_t layer = 0) {
  const auto found = engine.weight_error(layer, setting);
  EXPECT_TRUE(found.ok()) << found.error().message();
  return found.ok() ? found->error : 0;
}

std::vector<WeightSetting> four_bits() {
  std::vector<WeightSetting> all;
  for (const char* format : {"posit<4,1>", "int4", "fp4_e2m1"}) {
    for (const auto granularity :
         {Granularity::kTensor, Granularity::kChannel, Granularity::kGroup}) {
      for (const auto rule : {ScaleRule::kMsePow2, ScaleRule::kMse, ScaleRule::kAbsmax})
        all.push_back(compensated(format, rule, granularity));
    }
  }
  all.push_back(compensated("posit<4,1>"));
  all.back().alternatives = {test::format("int4"), test::format("posit<4,0>")};
  all.push_back(all.back());
  all.back().input_weighted = true;
  all.push_back(compensated("posit<8,1>"));
  all.back().windows = {{3, 9, test::format("int3"), ScaleRule::kMse}};
  return all;
}

TEST(CompensatedWeights, LowerTheErrorOnTokensHeldOut) {
  Engine engine = engine_with(one_product(), true);
  calibrate(engine, mixtures(1024, 1), 100);
  for (const WeightSetting& setting : four_bits()) {
    SCOPED_TRACE(formats::name(setting.format));
    EXPECT_EQ(engine.fell_back(0, setting), std::nullopt);
    EXPECT_LT(error(engine, setting), 0.8 * error(engine, nearest(setting)));
    EXPECT_EQ(engine.fell_back(0, setting), false);
    EXPECT_EQ(engine.fell_back(0, nearest(setting)), std::nullopt);
  }
}

// What the graph gives with the recipe, on new data of the same kind.
TEST(CompensatedWeights, TheModelThatRunsHasThem) {
  Engine engine = engine_with(one_product(), true);
  calibrate(engine, mixtures(1024, 1), 100);
  const Tensors data = tokens_of(mixtures(300, 5));
  test::apply(engine, {});
  const Tensor exact = test::run(engine, data).at("y");
  for (const WeightSetting& setting : four_bits()) {
    double errors[2] = {0, 0};
    for (const bool changed : {false, true}) {
      test::apply(engine, recipe_of(changed ? setting : nearest(setting)));
      const Tensor y = test::run(engine, data).at("y");
      for (std::size_t i = 0; i < y.size(); ++i)
        errors[changed ? 1 : 0] += std::pow(double{y.as<float>()[i]} - exact.as<float>()[i], 2);
    }
    EXPECT_LT(errors[1], 0.8 * errors[0]) << formats::name(setting.format);
  }
}

TEST(CompensatedWeights, PreparedAgainTheyAreTheSame) {
  Engine engine = engine_with(one_product(), true);
  calibrate(engine, mixtures(1024, 1), 100);
  const Tensors data = tokens_of(mixtures(30, 5));
  std::vector<Tensors> before;
  auto settings = four_bits();
  settings.push_back(compensated("posit<16,1>"));  // codes of two bytes
  settings.push_back(compensated("int12"));
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
      for (const std::size_t which : {i, i / 2}) {  // some are kept, some are not
        test::apply(engine, recipe_of(settings[which]));
        const Tensors y = test::run(engine, data);
        if (which == before.size()) before.push_back(y);
        EXPECT_TRUE(test::same_bits(y, before[which])) << formats::name(settings[which].format);
      }
    }
  }
}

// Tokens held out see the opposite of the others: what helps those harms these.
std::vector<float> two_faced(std::size_t tokens) {
  auto x = mixtures(tokens, 3, 0.05F);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; t / 64 % 4 == 3 && c < kIn; c += 2) x[t * kIn + c] = -x[t * kIn + c];
  }
  return x;
}

TEST(CompensatedWeights, FallBackWhereTheyDoNotHelp) {
  Engine engine = engine_with(one_product(), true);
  calibrate(engine, two_faced(1024), 1024);
  const Tensors data = tokens_of(mixtures(30, 5));
  for (const WeightSetting& setting : four_bits()) {
    SCOPED_TRACE(formats::name(setting.format));
    EXPECT_EQ(error(engine, setting), error(engine, nearest(setting)));
    EXPECT_EQ(engine.fell_back(0, setting), true);
    test::apply(engine, recipe_of(nearest(setting)));
    const Tensors expected = test::run(engine, data);
    test::apply(engine, recipe_of(setting));
    EXPECT_TRUE(test::same_bits(test::run(engine, data), expected));
  }
  // Nobody looks without tokens held out.
  Engine other = engine_with(one_product(), false);
  calibrate(other, two_faced(1024), 1024);
  const WeightSetting setting = compensated("int4");
  EXPECT_NE(error(other, setting), error(other, nearest(setting)));
  EXPECT_EQ(other.fell_back(0, setting), false);
}

TEST(CompensatedWeights, BatchesDoNotMatter) {
  const auto x = mixtures(1000, 8);
  std::vector<double> errors;
  for (const std::size_t batch : {7UL, 64UL, 1000UL}) {
    Engine engine = engine_with(one_product(), true);
    calibrate(engine, x, batch);
    EXPECT_EQ(engine.covariance(0)->count(),
              12u * 64);  // blocks 3, 7, 11 and 15, which is begun, are held out
    errors.push_back(error(engine, weight_setting("int4", ScaleRule::kMse)));
  }
  // Sums of floats in another order.
  EXPECT_NEAR(errors[1], errors[0], 1e-4 * errors[0]);
  EXPECT_NEAR(errors[2], errors[0], 1e-4 * errors[0]);
}

// The error of all settings is that on tokens held out.
TEST(CompensatedWeights, ErrorsAreThoseOfTokensHeldOut) {
  const auto x = two_faced(1024);
  std::vector<float> kept;
  for (std::size_t t = 0; t < 1024; ++t) {
    if (t / 64 % 4 == 3)
      kept.insert(kept.end(), x.begin() + static_cast<std::ptrdiff_t>(t * kIn),
                  x.begin() + static_cast<std::ptrdiff_t>((t + 1) * kIn));
  }
  Engine engine = engine_with(one_product(), true), other = engine_with(one_product(), false);
  calibrate(engine, x, 512);
  calibrate(other, kept, 256);
  for (const char* format : {"int4", "posit<8,1>", "mxfp4"}) {
    const WeightSetting setting = weight_setting(format, ScaleRule::kMse);
    EXPECT_NEAR(error(engine, setting), error(other, setting), 1e-4 * error(other, setting))
        << format;
  }
}

TEST(CompensatedWeights, NewCalibrationDataCount) {
  Engine engine = engine_with(one_product(), true);
  calibrate(engine, two_faced(1024), 1024);
  const WeightSetting setting = compensated("int4");
  error(engine, setting);
  EXPECT_EQ(engine.fell_back(0, setting), true);
  calibrate(engine, mixtures(16384, 4), 1024);
  EXPECT_EQ(engine.fell_back(0, setting), std::nullopt);
  EXPECT_LT(error(engine, setting), error(engine, nearest(setting)));
  EXPECT_EQ(engine.fell_back(0, setting), false);
}

TEST(CompensatedWeights, WhereTheInputIsNotKnownInFull) {
  // Room for diagonals only; MX blocks.
  Engine engine = engine_with(one_product(), true, 100);
  calibrate(engine, mixtures(512, 1), 512);
  WeightSetting setting = compensated("int4");
  EXPECT_EQ(error(engine, setting), error(engine, nearest(setting)));
  EXPECT_EQ(engine.fell_back(0, setting), true);
  Engine full = engine_with(one_product(), true);
  calibrate(full, mixtures(512, 1), 512);
  setting = compensated("mxfp4", ScaleRule::kNone, Granularity::kTensor);
  EXPECT_EQ(error(full, setting), error(full, nearest(setting)));
  EXPECT_EQ(full.fell_back(0, setting), true);
}

// One weight at two places whose inputs differ: the error counts at both.
TEST(CompensatedWeights, OfSeveralLayers) {
  const auto x = test::parameter({-1, kIn});
  const auto w = test::normal_constant({kIn, kIn}, 5, "w", 0.2F);
  const auto first = product(x, w, "a");
  Engine engine = engine_with(
      test::model_of(product(std::make_shared<ov::op::v0::Relu>(first), w, "b"), {x}), true);
  ASSERT_EQ(engine.graph().weights.size(), 1u);
  calibrate(engine, mixtures(2048, 1), 512);
  for (const WeightSetting& setting : four_bits()) {
    const double both = error(engine, setting, 0) + error(engine, setting, 1);
    EXPECT_LT(both, error(engine, nearest(setting), 0) + error(engine, nearest(setting), 1))
        << formats::name(setting.format);
    EXPECT_EQ(engine.fell_back(0, setting), false);
  }
}

std::shared_ptr<ov::Node> named(std::shared_ptr<ov::Node> node, const std::string& name) {
  node->set_friendly_name(name);
  return node;
}

std::shared_ptr<ov::Model> convolution(bool grouped, const ov::Shape& kernel = {3, 3}) {
  const auto x = test::parameter({-1, 6, -1, -1});
  const ov::Strides one = {1, 1};
  const ov::CoordinateDiff pads = {1, 1};
  if (grouped) {
    return test::model_of(
        named(std::make_shared<ov::op::v1::GroupConvolution>(
                  x, test::normal_constant({6, 2, 1, kernel[0], kernel[1]}, 3, "w", 0.3F), one,
                  pads, pads, one),
              "c"),
        {x});
  }
  return test::model_of(
      named(std::make_shared<ov::op::v1::Convolution>(
                x, test::normal_constant({10, 6, kernel[0], kernel[1]}, 3, "w", 0.3F), one, pads,
                pads, one),
            "c"),
      {x});
}

// Smooth images: neighbours are alike, and so are channels.
Tensors images(std::size_t count, unsigned seed) {
  Tensor x = test::normal_tensor({count, 6, 12, 12}, seed);
  for (std::size_t i = 1; i < x.size(); ++i)
    x.as<float>()[i] = 0.9F * x.as<float>()[i - 1] + 0.4F * x.as<float>()[i] + 0.02F;
  return {{"x", std::move(x)}};
}

TEST(CompensatedWeights, OfConvolutions) {
  for (const std::size_t count : {1UL, 16UL}) {
    for (const bool held_out : {false, true}) {
      Engine engine = engine_with(convolution(false), held_out, 0);
      test::calibrate(engine, images(count, 1));
      const Tensors other = images(20, 9);
      const Tensor exact = test::run(engine, other).at("y");
      for (const char* format : {"int4", "posit<4,1>"}) {
        const WeightSetting setting = compensated(format);
        if (count == 1 && held_out) {  // nothing to judge by
          EXPECT_EQ(error(engine, setting), error(engine, nearest(setting))) << format;
          EXPECT_EQ(engine.fell_back(0, setting), true);
          continue;
        }
        EXPECT_LT(error(engine, setting), error(engine, nearest(setting))) << format;
        EXPECT_EQ(engine.fell_back(0, setting), false);
        if (count == 1) continue;  // too few to do well on all others
        double errors[2] = {0, 0};
        for (const bool changed : {false, true}) {
          test::apply(engine, recipe_of(changed ? setting : nearest(setting)));
          const Tensor y = test::run(engine, other).at("y");
          for (std::size_t i = 0; i < y.size(); ++i)
            errors[changed ? 1 : 0] += std::pow(double{y.as<float>()[i]} - exact.as<float>()[i], 2);
          test::apply(engine, {});
        }
        EXPECT_LT(errors[1], errors[0]) << format << " " << count;
      }
    }
  }
}

// Patches and images are two ways to one error.
TEST(CompensatedWeights, ErrorsOfConvolutionsByPatchesAndByRunning) {
  Engine patches = engine_with(convolution(false), true, 0),
         running = engine_with(convolution(false), false, 0);
  const Tensors pair = images(2, 4);
  test::calibrate(patches, pair);  // the second is held out
  const Tensor& both = pair.at("x");
  Tensor second = test::float_tensor(
      {1, 6, 12, 12}, {both.as<float>().begin() + static_cast<std::ptrdiff_t>(both.size() / 2),
                       both.as<float>().end()});
  test::calibrate(running, {{"x", std::move(second)}});
  const WeightSetting setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  const auto a = patches.weight_error(0, setting), b = running.weight_error(0, setting);
  ASSERT_TRUE(a.ok() && b.ok());
  // Outputs in float.
  EXPECT_NEAR(a->error, b->error, 1e-3 * b->error);
  EXPECT_NEAR(a->signal, b->signal, 1e-4 * b->signal);
  for (std::size_t c = 0; c < a->channels.size(); ++c)
    EXPECT_NEAR(a->channels[c], b->channels[c], 1e-3 * b->channels[c]);
}

// Of large images some positions stand for all.
TEST(CompensatedWeights, ErrorsOfLargeImagesAtSomePositions) {
  Tensor large = test::normal_tensor({2, 6, 80, 90}, 5);  // brighter to the right
  for (std::size_t i = 0; i < large.size(); ++i)
    large.as<float>()[i] *= static_cast<float>(i % 90) / 30;
  Engine patches = engine_with(convolution(false), true, 0),
         running = engine_with(convolution(false), false, 0);
  test::calibrate(patches, {{"x", large}});
  test::calibrate(
      running,
      {{"x", test::float_tensor({1, 6, 80, 90}, {large.as<float>().begin() +
                                                     static_cast<std::ptrdiff_t>(large.size() / 2),
                                                 large.as<float>().end()})}});
  const WeightSetting setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  const auto some = patches.weight_error(0, setting), all = running.weight_error(0, setting);
  ASSERT_TRUE(some.ok() && all.ok());
  // A seventh of 7200 positions, in all columns: squares of normal numbers at 1029 of them have a
  // mean within 5 %, sums over channels less.
  EXPECT_NEAR(some->error, all->error, 0.06 * all->error);
  EXPECT_NEAR(some->signal, all->signal, 0.06 * all->signal);
}

// Where an image has one position, 256 images count, of which the odd ones are held out.
TEST(CompensatedWeights, ErrorsOfSmallImagesAreOfMany) {
  Engine patches = engine_with(convolution(false), true, 0),
         running = engine_with(convolution(false), false, 0);
  const Tensor all = test::normal_tensor({300, 6, 1, 1}, 5);
  std::vector<float> odd;
  for (std::size_t i = 1; i < 256; i += 2)
    odd.insert(odd.end(), all.as<float>().begin() + static_cast<std::ptrdiff_t>(6 * i),
               all.as<float>().begin() + static_cast<std::ptrdiff_t>(6 * i + 6));
  test::calibrate(patches, {{"x", all}});
  test::calibrate(running, {{"x", test::float_tensor({128, 6, 1, 1}, odd)}});
  const WeightSetting setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  const double expected = error(running, setting);
  EXPECT_NEAR(error(patches, setting), expected, 1e-4 * expected);
}

TEST(CompensatedWeights, OfConvolutionsDoNotDependOnBatches) {
  Engine one = engine_with(convolution(false), true, 0),
         three = engine_with(convolution(false), true, 0);
  const Tensor all = images(21, 2).at("x");
  const std::size_t size = all.size() / 21;
  for (const auto& [engine, batch] : {std::pair{&one, 1UL}, {&three, 3UL}}) {
    for (std::size_t first = 0; first < 21; first += batch) {
      const auto begin = all.as<float>().begin() + static_cast<std::ptrdiff_t>(first * size);
      test::calibrate(
          *engine,
          {{"x", test::float_tensor({batch, 6, 12, 12},
                                    {begin, begin + static_cast<std::ptrdiff_t>(batch * size)})}});
    }
  }
  EXPECT_EQ(error(one, compensated("int4")), error(three, compensated("int4")));
}

TEST(CompensatedWeights, GroupedConvolutionsAreRoundedToNearest) {
  Engine engine = engine_with(convolution(true), true, 0);
  test::calibrate(engine, images(8, 1));
  const WeightSetting setting = compensated("int4");
  EXPECT_EQ(error(engine, setting), error(engine, nearest(setting)));
  EXPECT_EQ(engine.fell_back(0, setting), true);
}

// Mean of y - y(FP32) for each output channel, and the largest |mean of y|.
std::vector<double> mean_errors(const Tensor& exact, const Tensor& y, std::size_t channels,
                                std::size_t inner) {
  std::vector<double> means(channels, 0);
  for (std::size_t i = 0; i < y.size(); ++i)
    means[i / inner % channels] += double{y.as<float>()[i]} - exact.as<float>()[i];
  for (double& mean : means) mean /= static_cast<double>(y.size() / channels);
  return means;
}

void expect_no_mean_error(Engine& engine, const Tensors& data, quant::Recipe recipe,
                          std::size_t channels, std::size_t inner) {
  test::apply(engine, {});
  const Tensor exact = test::run(engine, data).at("y");
  double largest[2] = {0, 0};
  for (const bool corrected : {false, true}) {
    recipe.weights.begin()->second.bias_correction = corrected;
    test::apply(engine, recipe);
    for (const double mean : mean_errors(exact, test::run(engine, data).at("y"), channels, inner)) {
      largest[corrected ? 1 : 0] = std::max(largest[corrected ? 1 : 0], std::fabs(mean));
    }
  }
  EXPECT_GT(largest[0], 1e-3);
  // Outputs of size 10 in float.
  EXPECT_LT(largest[1], 1e-5);
}

TEST(BiasCorrection, RemovesTheMeanErrorOfProducts) {
  Engine engine = engine_with(one_product(), false, 0);
  const auto x = mixtures(700, 2);
  calibrate(engine, x, 90);
  for (const char* format : {"int3", "posit<4,1>", "mxfp4"}) {
    for (const auto accumulate : {quant::Accumulate::kFp32, quant::Accumulate::kQuire}) {
      quant::Recipe recipe = recipe_of(weight_setting(format, ScaleRule::kMse));
      recipe.accumulate = accumulate;
      expect_no_mean_error(engine, tokens_of(x), recipe, 31, 1);
    }
  }
}

// With the input in 8 bits too: the paths of grid values add the same numbers.
TEST(BiasCorrection, OnEveryPath) {
  Engine engine = engine_with(one_product(), false, 0);
  const auto x = mixtures(700, 2);
  calibrate(engine, x, 90);
  for (const char* format : {"int4", "posit<4,1>"}) {
    quant::Recipe recipe = recipe_of(weight_setting(format, ScaleRule::kMse));
    recipe.weights["w"].bias_correction = true;
    recipe.activations["a"] =
        activation_setting(std::string(format) == "int4" ? "int8" : "posit<8,1>");
    test::apply(engine, recipe);
    const Tensors fast = test::run(engine, tokens_of(x));
    recipe.accumulate = quant::Accumulate::kQuire;
    test::apply(engine, recipe);
    EXPECT_LT(test::relative_difference(fast.at("y"), test::run(engine, tokens_of(x)).at("y")),
              1e-5);
  }
}

TEST(BiasCorrection, RemovesTheMeanErrorOfConvolutions) {
  // Without borders, the mean of a channel is that of every tap.
  const auto x = test::parameter({-1, 6, 12, 12});
  const ov::Strides one = {1, 1};
  const ov::CoordinateDiff none = {0, 0};
  const auto plain = std::make_shared<ov::op::v1::Convolution>(
      x, test::normal_constant({10, 6, 1, 1}, 3, "w", 0.3F), one, none, none, one);
  const auto grouped = std::make_shared<ov::op::v1::GroupConvolution>(
      x, test::normal_constant({3, 4, 2, 1, 1}, 3, "w", 0.3F), one, none, none, one);
  for (const std::shared_ptr<ov::Node>& node :
       {std::shared_ptr<ov::Node>(plain), std::shared_ptr<ov::Node>(grouped)}) {
    Engine engine = engine_with(test::model_of(named(node, "c"), {x}), false, 0);
    const Tensors data = images(9, 2);
    test::calibrate(engine, data);
    expect_no_mean_error(engine, data,
                         recipe_of(weight_setting("int3", ScaleRule::kMse, Granularity::kChannel)),
                         node == plain ? 10 : 12, 144);
  }
}

// Constant images and no padding: 3 x 3 too, through the epilogue and without.
TEST(BiasCorrection, BeforeWhatFollowsTheConvolution) {
  const auto x = test::parameter({-1, 6, 12, 12});
  const ov::Strides one = {1, 1};
  const ov::CoordinateDiff none = {0, 0};
  const auto sums =
      named(std::make_shared<ov::op::v1::Convolution>(
                x, test::normal_constant({10, 6, 3, 3}, 3, "w", 0.3F), one, none, none, one),
            "c");
  Engine engine =
      engine_with(test::model_of(std::make_shared<ov::op::v0::Relu>(sums), {x}), false, 0);
  std::vector<float> values(6 * 144);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i / 144) - 1.5F;
  const Tensors data = {{"x", test::float_tensor({1, 6, 12, 12}, values)}};
  test::calibrate(engine, data);
  const Tensor exact = test::run(engine, data).at("y");
  quant::Recipe recipe = recipe_of(weight_setting("int3", ScaleRule::kMse));
  test::apply(engine, recipe);
  EXPECT_GT(test::relative_difference(test::run(engine, data).at("y"), exact), 1e-2);
  recipe.weights["w"].bias_correction = true;
  for (const char* activation : {"", "posit<16,1>", "fp16"}) {
    recipe.activations.clear();
    if (*activation != '\0') recipe.activations["c"] = activation_setting(activation);
    test::apply(engine, recipe);
    EXPECT_LT(test::relative_difference(test::run(engine, data).at("y"), exact), 1e-5)
        << activation;
  }
  const auto found = engine.weight_error(0, recipe.weights["w"]);
  ASSERT_TRUE(found.ok());
  EXPECT_LT(found->error, 1e-10 * found->signal);
  recipe.weights["w"].bias_correction = false;
  test::apply(engine, recipe);
  EXPECT_GT(test::relative_difference(test::run(engine, data).at("y"), exact),
            1e-2);  // it went with the setting
}

TEST(BiasCorrection, LowersTheErrorThatIsEstimated) {
  Engine engine = engine_with(one_product(), true);
  const auto x = mixtures(1024, 2);
  calibrate(engine, x, 128);
  WeightSetting setting = weight_setting("int3", ScaleRule::kMse);
  const double before = error(engine, setting);
  setting.bias_correction = true;
  EXPECT_LT(error(engine, setting), before);
  setting.rounding = Rounding::kCompensated;
  EXPECT_LT(error(engine, setting), before);
}

TEST(RowFormats, OfAnEngine) {
  Engine engine = engine_with(one_product(), false, 0);
  WeightSetting setting = weight_setting("posit<6,0>", ScaleRule::kMsePow2, Granularity::kChannel);
  setting.alternatives = {test::format("posit<6,1>"), test::format("int6")};
  const auto formats = engine.row_formats(0, setting);
  ASSERT_TRUE(formats.ok()) << formats.error().message();
  ASSERT_EQ(formats->size(), 31u);
  const auto chosen = engine.rounding_error(0, setting).value();
  std::vector<formats::Format> all = {setting.format};
  all.insert(all.end(), setting.alternatives.begin(), setting.alternatives.end());
  for (const formats::Format& format : all) {
    WeightSetting single = setting;
    single.format = format;
    single.alternatives.clear();
    const auto errors = engine.rounding_error(0, single).value();
    for (std::size_t r = 0; r < 31; ++r) {
      EXPECT_LE(chosen[r], errors[r] * (1 + 1e-12));
      if ((*formats)[r] == format) {
        EXPECT_EQ(chosen[r], errors[r]);
      }
    }
  }
  EXPECT_EQ(engine.bits_per_weight(recipe_of(setting)),
            6 + (31 * 8 + 31 * 2 + 3 * 8) / (31.0 * kIn));
}

// Rows of posits and of ints, in bf16 where the machine has it; int8 only when all are ints.
TEST(RowFormats, OnEveryPath) {
  Engine engine = engine_with(one_product(), false, 0);
  const auto x = mixtures(200, 2);
  calibrate(engine, x, 200);
  for (const auto& [first, second, activation] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"posit<6,0>", "int6", "posit<8,1>"},
           {"int8", "posit<8,1>", "int8"},
           {"posit<16,1>", "int16", "int8"}}) {
    WeightSetting setting = weight_setting(first, ScaleRule::kMse, Granularity::kChannel);
    setting.alternatives = {test::format(second)};
    quant::Recipe recipe = recipe_of(setting);
    recipe.activations["a"] = activation_setting(activation);
    test::apply(engine, recipe);
    const Tensors fast = test::run(engine, tokens_of(x));
    recipe.accumulate = quant::Accumulate::kQuire;
    test::apply(engine, recipe);
    EXPECT_LT(test::relative_difference(fast.at("y"), test::run(engine, tokens_of(x)).at("y")),
              1e-5)
        << first;
  }
}

void expect_usage(Engine& engine, const WeightSetting& setting, const std::string& part) {
  const Status applied = engine.apply(recipe_of(setting));
  ASSERT_FALSE(applied.ok()) << part;
  EXPECT_EQ(applied.error().kind, ErrorKind::kUsage);
  EXPECT_NE(applied.error().where.find("'w'"), std::string::npos) << applied.error().message();
  EXPECT_NE(applied.error().message().find(part), std::string::npos) << applied.error().message();
  const auto found = engine.weight_error(0, setting);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
}

TEST(CompensatedWeights, UsageErrors) {
  Engine fresh = engine_with(one_product(), true), without = engine_with(one_product(), true, 0);
  calibrate(without, mixtures(100, 1), 100);
  const WeightSetting setting = compensated("int4");
  expect_usage(fresh, setting, "compensated rounding needs calibration data");
  expect_usage(without, setting, "covariance");
  WeightSetting bias = nearest(setting);
  bias.bias_correction = true;
  expect_usage(fresh, bias, "bias correction needs calibration data");
  WeightSetting weighted = nearest(setting);
  weighted.input_weighted = true;
  expect_usage(fresh, weighted, "weighted");
  WeightSetting rows = weight_setting("posit<6,0>");
  rows.alternatives = {test::format("posit<6,1>")};
  expect_usage(fresh, rows, "granularity channel");
  rows.granularity = Granularity::kChannel;
  rows.alternatives = {test::format("posit<8,1>")};
  expect_usage(fresh, rows, "equal bits");
  EXPECT_FALSE(fresh.row_formats(0, rows).ok());
}

}  // namespace
}  // namespace posittune::engine
