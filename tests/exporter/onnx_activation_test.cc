// Rounding of inputs by a runtime, against the codec and the scale rules; operators_test.py has
// whole layers.

#include "posittune/exporter/onnx_activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "posittune/formats/codec.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/scale_rules.h"
#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> rounded(const InputQuantizer& quantizer, std::size_t rows,
                           std::vector<float> x) {
  const std::size_t cols = x.size() / rows;
  onnx::ModelProto model = test::model_of(17, {-1, static_cast<std::int64_t>(cols)});
  OnnxGraph graph(model);
  const auto y = add_input_rounding(graph, "x", onnx::TensorProto::FLOAT, quantizer);
  EXPECT_TRUE(y) << y.error().message();
  graph.rename(*y, "y");
  test::add_output(model, "y");
  graph.finish();
  return test::run(model, {rows, cols}, std::move(x));
}

std::vector<float> normals(std::size_t count) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (float& each : x) each = normal(random) * std::exp2(2 * normal(random));
  return x;
}

TEST(OnnxActivation, RoundsAsTheCodec) {
  for (const formats::Format& plain :
       {formats::posit(8, 1), formats::posit(6, 1), formats::posit(16, 1), formats::posit(5, 2),
        formats::minifloat(4, 3), formats::minifloat(2, 1), formats::integer(8),
        formats::integer(5), formats::fp16(), formats::bf16()}) {
    std::vector<float> x = normals(3000);
    for (const double value : formats::value_table(formats::posit(8, 1)))
      x.push_back(std::isfinite(value) ? static_cast<float>(value) * 1.03125F : 0);
    const float scale = 4;
    const auto y = rounded({.setting = {.format = plain}, .scale = scale, .images = false}, 1, x);
    const formats::Format format = formats::saturating(plain);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(y[i], formats::round_to_float(format, x[i] * scale) / scale)
          << formats::name(plain) << " of " << x[i];
    }
  }
}

TEST(OnnxActivation, SpecialValuesAreAsTheEngineHasThem) {
  const std::vector<float> x = {kInfinity, -kInfinity, NAN, 0, 1e30F, -1e30F};
  const InputQuantizer posit{
      .setting = {.format = formats::posit(8, 1)}, .scale = 1.0F, .images = false};
  const auto p = rounded(posit, 1, x);
  EXPECT_TRUE(std::isnan(p[0]) && std::isnan(p[1]) && std::isnan(p[2]));
  EXPECT_EQ(p[3], 0);
  EXPECT_EQ(p[4], 4096);
  EXPECT_EQ(p[5], -4096);
  const InputQuantizer fp8{
      .setting = {.format = formats::minifloat(4, 3)}, .scale = 1.0F, .images = false};
  const auto f = rounded(fp8, 1, x);
  EXPECT_EQ(f[0], 448);
  EXPECT_EQ(f[1], -448);
  EXPECT_TRUE(std::isnan(f[2]));
  EXPECT_EQ(f[4], 448);
}

// The scale that absmax chooses is the largest float with absmax * scale <= largest: a step below
// the quotient where that rounds up.
TEST(OnnxActivation, ScalesPerTokenAreThoseOfTheRules) {
  const std::size_t rows = 200, cols = 16;
  const std::vector<float> x = normals(rows * cols);
  for (const auto rule :
       {quant::ScaleRule::kAbsmax, quant::ScaleRule::kRmsPow2, quant::ScaleRule::kMeanPow2}) {
    for (const formats::Format& plain :
         {formats::integer(12), formats::posit(8, 1), formats::integer(8)}) {
      const quant::ActivationSetting setting{
          .format = plain, .rule = rule, .scale = quant::ActivationScale::kToken};
      const auto y = rounded({.setting = setting, .scale = {}, .images = false}, rows, x);
      const formats::Format format = quant::scaled_format(plain, rule);
      const auto statistics = kernels::row_statistics(x, {rows, cols}, {});
      ASSERT_TRUE(statistics);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float scale = quant::direct_scale(format, rule, (*statistics)[i / cols]);
        ASSERT_EQ(y[i], formats::round_to_float(format, x[i] * scale) * (1 / scale))
            << formats::name(plain) << " " << i;
      }
    }
  }
}

TEST(OnnxActivation, WideFormatsAreRefused) {
  onnx::ModelProto model = test::model_of(17, {-1, 2});
  OnnxGraph graph(model);
  const auto y = add_input_rounding(
      graph, "x", onnx::TensorProto::FLOAT,
      {.setting = {.format = formats::posit(32, 2)}, .scale = 1.0F, .images = false});
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace posittune::exporter
