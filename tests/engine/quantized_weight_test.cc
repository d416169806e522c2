// Codes, scales and formats that an engine hands out, against the weights that it runs with: read
// from outputs for inputs that select single columns, or by look-up.

#include "posittune/engine/quantized_weight.h"

#include <gtest/gtest.h>

#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"
#include "tests/engine/faults.h"

namespace posittune::engine {
namespace {

using quant::Granularity;
using quant::ScaleRule;
using quant::WeightSetting;
using test::weight_setting;

constexpr std::size_t kRows = 12, kCols = 70;  // two whole MX blocks and a part

Engine product_engine() {
  const auto x = test::parameter({-1, static_cast<std::int64_t>(kCols)});
  auto node = std::make_shared<ov::op::v0::MatMul>(
      x, test::normal_constant({kRows, kCols}, 3, "w", 0.3F), false, true);
  node->set_friendly_name("a");
  auto engine = Engine::create(test::load_ir(test::model_of(node, {x})),
                               {.chosen = {true}, .threads = 2, .covariance_bytes = 1U << 20});
  EXPECT_TRUE(engine.ok());
  return std::move(engine.value());
}

Tensors identity() {
  std::vector<float> ones(kCols * kCols, 0);
  for (std::size_t c = 0; c < kCols; ++c) ones[c * kCols + c] = 1;
  return {{"x", test::float_tensor({kCols, kCols}, ones)}};
}

// rows x cols: sums of one product and zeros are exact.
std::vector<float> running_weight(Engine& engine, const WeightSetting& setting) {
  quant::Recipe recipe;
  recipe.weights["w"] = setting;
  test::apply(engine, recipe);
  const Tensor y = test::run(engine, identity()).at("y");
  std::vector<float> weight(kRows * kCols);
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kCols; ++c) weight[r * kCols + c] = y.as<float>()[c * kRows + r];
  }
  return weight;
}

std::vector<std::pair<std::string, WeightSetting>> settings() {
  std::vector<std::pair<std::string, WeightSetting>> all;
  for (const char* format : {"posit<8,1>", "posit<16,2>", "int4", "int16", "fp8_e4m3", "bf16"}) {
    all.emplace_back("tensor", weight_setting(format, ScaleRule::kMse));
    all.emplace_back("channel", weight_setting(format, ScaleRule::kMsePow2, Granularity::kChannel));
    all.emplace_back("group", weight_setting(format, ScaleRule::kAbsmax, Granularity::kGroup, 32));
  }
  for (const char* format : {"mxfp4", "mxint8"}) {
    all.emplace_back("blocks", weight_setting(format, ScaleRule::kNone));
    all.emplace_back("blocks", weight_setting(format, ScaleRule::kMsePow2, Granularity::kChannel));
  }
  WeightSetting windows = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  windows.windows = {{2, 3, test::format("posit<6,1>"), ScaleRule::kRmsPow2, {}},
                     {7, 2, test::format("mxfp6"), ScaleRule::kNone, {}}};
  all.emplace_back("windows", windows);
  WeightSetting rows = weight_setting("posit<6,0>", ScaleRule::kMsePow2, Granularity::kChannel);
  rows.alternatives = {test::format("posit<6,1>"), test::format("int6")};
  all.emplace_back("alternatives", rows);
  return all;
}

TEST(QuantizedWeight, DecodesToWhatTheEngineRunsWith) {
  Engine engine = product_engine();
  for (const auto& [what, setting] : settings()) {
    const auto made = engine.quantized_weight(0, setting);
    ASSERT_TRUE(made.ok()) << made.error().message();
    const auto values = decoded(*made);
    ASSERT_TRUE(values.ok()) << values.error().message();
    EXPECT_EQ(*values, running_weight(engine, setting))
        << what << " " << formats::name(setting.format);
    EXPECT_FALSE(made->compensated);
    std::size_t next = 0;
    for (const RowRun& run : made->runs) {
      EXPECT_EQ(run.first, next);
      next += run.count;
      for (std::size_t i = run.first * kCols; i < next * kCols && run.format.bits < 32; ++i)
        ASSERT_LT(made->codes[i], 1U << run.format.bits) << what;
    }
    EXPECT_EQ(next, kRows);
  }
}

TEST(QuantizedWeight, Compensated) {
  Engine engine = product_engine();
  WeightSetting setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  setting.rounding = quant::Rounding::kCompensated;
  EXPECT_EQ(engine.quantized_weight(0, setting).error().kind, ErrorKind::kUsage);  // no data
  const auto x = test::normal(300 * kCols, 1, 8);
  test::calibrate(engine, {{"x", test::float_tensor({300, kCols}, x)}});
  for (const char* format : {"int4", "posit<5,1>"}) {
    setting.format = test::format(format);
    const auto first = engine.quantized_weight(0, setting);
    ASSERT_TRUE(first.ok()) << first.error().message();
    EXPECT_TRUE(first->compensated);
    EXPECT_EQ(decoded(*first).value(), running_weight(engine, setting)) << format;
    // From the codes that the engine kept.
    EXPECT_EQ(engine.quantized_weight(0, setting)->codes, first->codes) << format;
    WeightSetting nearest = setting;
    nearest.rounding = quant::Rounding::kNearest;
    EXPECT_NE(engine.quantized_weight(0, nearest)->codes, first->codes) << format;
  }
}

TEST(QuantizedWeight, TablesOfEmbeddings) {
  Engine engine = test::engine_of(test::load_ir(test::model_of_all_kinds()));
  const std::size_t weight = *engine.graph().layers[0].weight;
  const auto made =
      engine.quantized_weight(weight, weight_setting("posit<6,1>", ScaleRule::kRmsPow2));
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(made->rows, 9U);
  EXPECT_EQ(made->cols, 6U);
  EXPECT_EQ(made->exponents.size(), 0U);
}

TEST(QuantizedWeight, WhatIsNotThere) {
  Engine engine = product_engine();
  const auto wrong = engine.quantized_weight(
      0, weight_setting("mxfp4", ScaleRule::kNone, Granularity::kGroup, 20));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
}

TEST(ActivationQuantizer, IsThatOfTheRunningLayer) {
  Engine engine = product_engine();
  auto setting = test::activation_setting("posit<8,1>", ScaleRule::kMsePow2);
  EXPECT_EQ(engine.activation_quantizer(0, 0, setting).error().kind, ErrorKind::kUsage);
  const Tensors data = {{"x", test::float_tensor({50, kCols}, test::normal(50 * kCols, 0.1F, 8))}};
  test::calibrate(engine, data);
  const auto made = engine.activation_quantizer(0, 0, setting);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_FALSE(made->per_token);
  // One number through the layer is that number, quantized with this scale, times one weight.
  quant::Recipe recipe;
  recipe.activations["a"] = setting;
  const Tensor exact = test::run(engine, identity()).at("y");
  test::apply(engine, recipe);
  std::vector<float> x(kCols, 0);
  x[5] = 0.123F;
  const Tensor y = test::run(engine, {{"x", test::float_tensor({1, kCols}, x)}}).at("y");
  const float q = test::quantized(setting.format, 0.123F, made->scale);
  for (std::size_t r = 0; r < kRows; ++r)
    EXPECT_FLOAT_EQ(y.as<float>()[r], q * exact.as<float>()[5 * kRows + r]);
  setting = test::activation_setting("int8", ScaleRule::kAbsmax, quant::ActivationScale::kToken);
  EXPECT_TRUE(engine.activation_quantizer(0, 0, setting)->per_token);
  EXPECT_EQ(engine.activation_quantizer(0, 1, setting).error().kind, ErrorKind::kUsage);
}

TEST(BiasCorrectionOfAnEngine, IsTheMeanErrorOfEachChannel) {
  Engine engine = product_engine();
  const std::vector<float> ones(4 * kCols, 1);
  test::calibrate(engine, {{"x", test::float_tensor({4, kCols}, ones)}});
  WeightSetting setting = weight_setting("int3", ScaleRule::kMse);
  EXPECT_TRUE(engine.bias_correction(0, setting)->empty());
  setting.bias_correction = true;
  const auto added = engine.bias_correction(0, setting);
  ASSERT_TRUE(added.ok()) << added.error().message();
  ASSERT_EQ(added->size(), kRows);
  const auto rounded = decoded(*engine.quantized_weight(0, setting)).value();
  setting.bias_correction = false;
  const auto exact = running_weight(engine, weight_setting("fp32", ScaleRule::kNone));
  for (std::size_t r = 0; r < kRows; ++r) {
    double sum = 0;
    for (std::size_t i = r * kCols; i < (r + 1) * kCols; ++i)
      sum += double{exact[i]} - double{rounded[i]};
    EXPECT_NEAR((*added)[r], sum, 1e-5);  // sums of 70 numbers of size 0.3
  }
}

}  // namespace
}  // namespace posittune::engine
