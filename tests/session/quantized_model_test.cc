// The numbers of a recipe: those that the engine runs with. (tests/python/torch_models_test.py
// computes whole models with them.)

#include "posittune/session/quantized_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "posittune/session/session.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;
using quant::Granularity;
using quant::ScaleRule;

const std::string kAttention = "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.";

class QuantizedModelTest : public testing::Test {
 protected:
  Result<Session> open(DataSpec data) {
    return Session::open({.model = model_}, data, {.threads = 2}, observer_);
  }
  Result<Session> open() {
    return open({.data = (fs::path(model_).parent_path() / "data.yaml").string(), .limit = 4});
  }

  std::string model_ = test::zoo("albert");
  Observer observer_;
};

quant::WeightSetting int4() {
  return {.format = *formats::parse_format("int4"),
          .rule = ScaleRule::kMsePow2,
          .granularity = Granularity::kChannel};
}

// Three weights under a setting. Each is read by six layers.
QuantizedOptions options(const quant::WeightSetting& setting) {
  QuantizedOptions made;
  for (const char* part : {"query", "key", "dense"})
    made.recipe.weights[kAttention + part + ".weight"] = setting;
  return made;
}

quant::ActivationSetting int8(quant::ActivationScale scale) {
  return {.format = *formats::parse_format("int8"), .rule = ScaleRule::kAbsmax, .scale = scale};
}

TEST_F(QuantizedModelTest, HoldsWhatCalibrationGives) {
  auto session = open();
  ASSERT_TRUE(session.ok()) << session.error().message();
  quant::WeightSetting setting = int4();
  setting.rounding = quant::Rounding::kCompensated;
  setting.bias_correction = true;
  QuantizedOptions asked = options(setting);
  const std::string first = kAttention + "dense/MatMul", second = first + "_2",
                    token = first + "_3";
  asked.recipe.activations[first] = int8(quant::ActivationScale::kStatic);
  asked.recipe.activations[second] = int8(quant::ActivationScale::kOutput);
  asked.recipe.activations[token] = int8(quant::ActivationScale::kToken);
  const auto made = session->quantized(asked);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(made->recipe, asked.recipe);
  ASSERT_EQ(made->weights.size(), 3U);
  const std::pair layer(first, kAttention + "dense.weight");
  EXPECT_EQ(std::ranges::count(made->layers, layer), 1);
  EXPECT_TRUE(
      std::ranges::any_of(made->weights, [](const auto& w) { return w.second.compensated; }));
  for (const auto& [name, weight] : made->weights) {
    EXPECT_EQ(weight.codes.size(), weight.rows * weight.cols) << name;
    ASSERT_EQ(weight.runs.size(), 1U);
    EXPECT_EQ(weight.runs[0].scales.size(), weight.rows);
  }
  ASSERT_EQ(made->input_scales.size(), 2U);
  for (const std::string& name : {first, second}) {
    ASSERT_EQ(made->input_scales.at(name).size(), 1U);
    EXPECT_GT(made->input_scales.at(name)[0], 0);
  }
  // Six runs of each of three layers, each with inputs of its own.
  EXPECT_EQ(made->corrections.size(), 18U);
  EXPECT_EQ(made->corrections.at(first).size(), 192U);
  EXPECT_NE(made->corrections.at(first), made->corrections.at(second));

  const auto again = session->quantized(asked);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->input_scales, made->input_scales);
  EXPECT_EQ(again->corrections, made->corrections);
  for (const auto& [name, weight] : made->weights)
    EXPECT_EQ(again->weights.at(name).codes, weight.codes);
}

TEST_F(QuantizedModelTest, NeedsNoDataWithoutCalibration) {
  auto with = open(), without = Session::open({.model = model_}, {.threads = 2}, observer_);
  ASSERT_TRUE(with.ok() && without.ok());
  const auto a = with->quantized(options(int4())), b = without->quantized(options(int4()));
  ASSERT_TRUE(a.ok()) << a.error().message();
  ASSERT_TRUE(b.ok()) << b.error().message();
  for (const auto& [name, weight] : a->weights) EXPECT_EQ(b->weights.at(name).codes, weight.codes);
  EXPECT_TRUE(b->input_scales.empty() && b->corrections.empty());
}

TEST_F(QuantizedModelTest, RefusesWhatItCannotHave) {
  auto session = Session::open({.model = model_}, {.threads = 2}, observer_);
  ASSERT_TRUE(session.ok());
  QuantizedOptions asked = options(int4());
  asked.recipe.weights.begin()->second.input_weighted = true;
  auto refused = session->quantized(asked);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_NE(refused.error().message().find("`calibrate=PATH`"), std::string::npos);
  asked = {};
  asked.recipe.weights["no such weight"] = int4();
  refused = session->quantized(asked);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::session
