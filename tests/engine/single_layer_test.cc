// One layer, weights and activations quantized, against plain loops over
// formats:: and sums in double.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/subtract.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::Granularity;
using quant::ScaleRule;
using test::activation_setting;
using test::weight_setting;

const char* const kFormats[] = {"posit<8,1>", "posit<6,1>", "posit<16,1>", "int8",
                                "int4",       "fp8_e4m3",   "mxfp8",       "bf16"};

struct Sum {
  double value = 0, magnitude = 0;
  void add(float a, float b) {
    const double product = double{a} * b;
    value += product;
    magnitude += std::fabs(product);
  }
};

// k products: a rounding each in whatever order, and three for the scales that
// bf16 and int8 take out of the sum.
void expect_sum(float got, const Sum& sum, std::size_t k, const std::string& what) {
  ASSERT_NEAR(got, sum.value, static_cast<double>(k + 4) * 0x1p-24 * sum.magnitude) << what;
}

struct MatMulData {
  std::size_t tokens = 11, in = 70, out = 19;
  std::vector<float> w = test::normal(out * in, 0.05F, 1);
  Tensor x = test::normal_tensor({tokens, in}, 2, 3);

  MatMulData() {
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] *= std::ldexp(1.0F, static_cast<int>(i / in) - 9);  // rows of unlike size
    for (std::size_t i = 0; i < x.size(); ++i)
      x.as<float>()[i] *= std::ldexp(1.0F, static_cast<int>(i / in) - 5);
  }
  kernels::Shape w_shape() const { return {out, in}; }
  kernels::Shape x_shape() const { return {tokens, in}; }
  std::span<const float> xs() const { return x.as<float>(); }
  Engine engine() const {
    const auto p = test::parameter({-1, static_cast<std::int64_t>(in)});
    const auto node =
        std::make_shared<ov::op::v0::MatMul>(p, test::constant({out, in}, w, "w"), false, true);
    node->set_friendly_name("layer");
    return test::engine_of(test::load_ir(test::model_of(node, {p})));
  }
  void expect_product(const Tensors& outputs, std::span<const float> qx, std::span<const float> qw,
                      const std::string& what) const {
    ASSERT_TRUE(outputs.contains("y"));
    for (std::size_t i = 0; i < tokens * out; ++i) {
      Sum sum;
      for (std::size_t k = 0; k < in; ++k) sum.add(qx[i / out * in + k], qw[i % out * in + k]);
      expect_sum(outputs.at("y").as<float>()[i], sum, in, what);
    }
  }
};

std::vector<float> scales(const formats::Format& format, ScaleRule rule, std::span<const float> x,
                          kernels::Shape shape, bool per_row) {
  return quant::choose_scales(format, rule, x, shape, per_row).value();
}

TEST(SingleLayer, MatMulWeightsAndStaticActivations) {
  const MatMulData data;
  Engine engine = data.engine();
  test::calibrate(engine, {{"x", data.x}});
  for (const char* name : kFormats) {
    for (const ScaleRule rule : {ScaleRule::kNone, ScaleRule::kAbsmax, ScaleRule::kRmsPow2,
                                 ScaleRule::kMeanPow2, ScaleRule::kMsePow2}) {
      const auto format = test::format(name);
      test::apply(engine,
                  engine.uniform(weight_setting(name, rule), activation_setting(name, rule)));
      const auto qw = test::quantized(format, data.w, data.w_shape(),
                                      scales(format, rule, data.w, data.w_shape(), false));
      const auto qx = test::quantized(format, data.xs(), data.x_shape(),
                                      scales(format, rule, data.xs(), data.x_shape(), false));
      data.expect_product(test::run(engine, {{"x", data.x}}), qx, qw,
                          std::string(name) + " " + std::string(quant::name(rule)));
    }
  }
}

TEST(SingleLayer, MatMulScalesPerChannelAndPerToken) {
  const MatMulData data;
  Engine engine = data.engine();
  for (const char* name : kFormats) {
    for (const ScaleRule rule : {ScaleRule::kAbsmax, ScaleRule::kRmsPow2}) {
      const auto format = test::format(name);
      test::apply(engine, engine.uniform(weight_setting(name, rule, Granularity::kChannel),
                                         activation_setting(name, rule, ActivationScale::kToken)));
      const auto qw = test::quantized(format, data.w, data.w_shape(),
                                      scales(format, rule, data.w, data.w_shape(), true));
      const auto qx = test::quantized(format, data.xs(), data.x_shape(),
                                      scales(format, rule, data.xs(), data.x_shape(), true));
      data.expect_product(test::run(engine, {{"x", data.x}}), qx, qw, name);
    }
  }
}

// 70 columns in groups of 32: the last has six.
TEST(SingleLayer, GroupsOfColumnsWithAShortLastOne) {
  const MatMulData data;
  Engine engine = data.engine();
  constexpr std::size_t kGroup = 32, kGroups = 3;
  for (const char* name : kFormats) {
    const auto format = test::format(name);
    for (const ScaleRule rule : {ScaleRule::kAbsmax, ScaleRule::kMsePow2}) {
      std::vector<float> table(data.out * kGroups);
      for (std::size_t r = 0; r < data.out; ++r) {
        for (std::size_t g = 0; g < kGroups; ++g) {
          const std::size_t width = std::min(kGroup, data.in - g * kGroup);
          const auto part = std::span(data.w).subspan(r * data.in + g * kGroup, width);
          table[r * kGroups + g] = scales(format, rule, part, {1, width}, false).front();
        }
      }
      test::apply(engine,
                  engine.uniform(weight_setting(name, rule, Granularity::kGroup, kGroup), {}));
      data.expect_product(test::run(engine, {{"x", data.x}}), data.xs(),
                          test::quantized(format, data.w, data.w_shape(), table, kGroup), name);
    }
  }
}

TEST(SingleLayer, QuireRoundsOnceAfterExactSums) {
  const MatMulData data;
  Engine engine = data.engine();
  test::calibrate(engine, {{"x", data.x}});
  auto recipe = engine.uniform(weight_setting("posit<8,1>"), activation_setting("posit<8,1>"));
  recipe.accumulate = quant::Accumulate::kQuire;
  test::apply(engine, recipe);
  const auto format = test::format("posit<8,1>");
  const auto qw =
      test::quantized(format, data.w, data.w_shape(),
                      scales(format, ScaleRule::kRmsPow2, data.w, data.w_shape(), false));
  const auto qx =
      test::quantized(format, data.xs(), data.x_shape(),
                      scales(format, ScaleRule::kRmsPow2, data.xs(), data.x_shape(), false));
  const Tensors outputs = test::run(engine, {{"x", data.x}});
  for (std::size_t i = 0; i < data.tokens * data.out; ++i) {
    // Products of two posit<8,1> have at most 12 bits; 70 of them are exact in
    // double.
    Sum sum;
    for (std::size_t k = 0; k < data.in; ++k)
      sum.add(qx[i / data.out * data.in + k], qw[i % data.out * data.in + k]);
    ASSERT_EQ(outputs.at("y").as<float>()[i], static_cast<float>(sum.value));
  }
}

// E[x_k^2] moves the scale, to where the weighted error is less.
TEST(SingleLayer, InputWeightedScales) {
  MatMulData data;
  for (std::size_t i = 0; i < data.x.size(); ++i)
    data.x.as<float>()[i] *= i % data.in < 4 ? 100 : 0.01F;
  std::vector<float> squares(data.in);
  for (std::size_t k = 0; k < data.in; ++k) {
    double sum = 0;
    for (std::size_t t = 0; t < data.tokens; ++t)
      sum += std::pow(double{data.xs()[t * data.in + k]}, 2);
    squares[k] = static_cast<float>(sum / static_cast<double>(data.tokens));
  }
  Engine engine = data.engine();
  test::calibrate(engine, {{"x", data.x}});
  const auto format = test::format("int4");
  auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  setting.input_weighted = true;
  test::apply(engine, engine.uniform(setting, {}));
  const auto weighted =
      quant::choose_scales(format, ScaleRule::kMse, data.w, data.w_shape(), true, squares).value();
  EXPECT_NE(weighted, scales(format, ScaleRule::kMse, data.w, data.w_shape(), true));
  data.expect_product(test::run(engine, {{"x", data.x}}), data.xs(),
                      test::quantized(format, data.w, data.w_shape(), weighted), "int4");
}

// More calibration data, another scale.
TEST(SingleLayer, InputWeightedScalesFollowNewCalibrationData) {
  const MatMulData data;
  Tensor first = data.x, second = data.x;
  for (std::size_t i = 0; i < first.size(); ++i) {
    first.as<float>()[i] *= i % data.in < 4 ? 1.0F : 0.0F;
    second.as<float>()[i] *= i % data.in < 4 ? 0.0F : 1000.0F;
  }
  auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  setting.input_weighted = true;
  Engine twice = data.engine(), once = data.engine();
  test::calibrate(twice, {{"x", first}});
  test::apply(twice, twice.uniform(setting, {}));
  test::apply(twice, {});
  test::calibrate(twice, {{"x", second}});
  test::apply(twice, twice.uniform(setting, {}));
  test::calibrate(once, {{"x", first}});
  test::calibrate(once, {{"x", second}});
  test::apply(once, once.uniform(setting, {}));
  EXPECT_TRUE(test::same_bits(test::run(twice, {{"x", data.x}}), test::run(once, {{"x", data.x}})));
}

// A scale chosen by the output's error takes the place of the static one only
// where it is surely better on tokens kept apart: never worse than that.
TEST(SingleLayer, OutputChosenScalesAreNeverWorseThanStatic) {
  MatMulData data;
  for (std::size_t t = 0; t < data.tokens; ++t)
    data.x.as<float>()[t * data.in + t] *= 200;  // outliers in some columns
  Engine engine = data.engine();
  test::calibrate(engine, {{"x", data.x}});
  const Tensors inputs = {{"x", data.x}};
  test::apply(engine, {});
  const Tensors exact = test::run(engine, inputs);
  const auto error = [&](const quant::ActivationSetting& setting) {
    test::apply(engine, engine.uniform({}, setting));
    const Tensors rounded = test::run(engine, inputs);
    double sum = 0;
    for (std::size_t i = 0; i < exact.at("y").size(); ++i) {
      sum += std::pow(double{exact.at("y").as<float>()[i]} - rounded.at("y").as<float>()[i], 2);
    }
    return sum;
  };
  for (const char* name : kFormats) {
    for (const ScaleRule rule : {ScaleRule::kRmsPow2, ScaleRule::kMeanPow2, ScaleRule::kMsePow2,
                                 ScaleRule::kAbsmax, ScaleRule::kMse}) {
      const double by_output = error(activation_setting(name, rule, ActivationScale::kOutput));
      const double by_static = error(activation_setting(name, rule, ActivationScale::kStatic));
      EXPECT_LE(by_output, by_static * (1 + 1e-9)) << name << " " << quant::name(rule);
    }
  }
}

// One large value that the sample of tokens misses still counts for a searched
// static scale.
TEST(SingleLayer, RareLargeValuesAnswerForClipping) {
  MatMulData data;
  data.tokens = 4000;
  data.x = test::normal_tensor({data.tokens, data.in}, 6);
  data.x.as<float>()[12345] = 1000;
  Engine engine = data.engine();
  const Tensors inputs = {{"x", data.x}};
  test::calibrate(engine, inputs);
  const Tensors exact = test::run(engine, inputs);
  test::apply(engine, engine.uniform({}, activation_setting("int16", ScaleRule::kMsePow2)));
  EXPECT_LT(test::relative_difference(test::run(engine, inputs).at("y"), exact.at("y")), 1e-3);
}

struct ConvolutionData {
  std::size_t batch = 2, groups, in, out, height = 9, width = 8, kernel = 3;
  std::vector<float> w;
  Tensor x;

  ConvolutionData(std::size_t g, std::size_t i, std::size_t o)
      : groups(g),
        in(i),
        out(o),
        w(test::normal(o * i / g * 9, 0.3F, 3)),
        x(test::normal_tensor({2, i, 9, 8}, 4)) {
    for (std::size_t k = 0; k < x.size(); ++k)
      x.as<float>()[k] *= k < x.size() / 2 ? 1.0F : 30.0F;  // images of unlike size
  }
  Engine engine() const {
    const auto p = test::parameter({-1, static_cast<std::int64_t>(in), -1, -1});
    const ov::Strides one = {1, 1};
    const ov::CoordinateDiff pad = {1, 1};
    std::shared_ptr<ov::Node> node;
    if (groups > 1) {
      node = std::make_shared<ov::op::v1::GroupConvolution>(
          p, test::constant({groups, out / groups, in / groups, 3, 3}, w), one, pad, pad, one);
    } else {
      node = std::make_shared<ov::op::v1::Convolution>(p, test::constant({out, in, 3, 3}, w), one,
                                                       pad, pad, one);
    }
    node->set_friendly_name("layer");
    return test::engine_of(test::load_ir(test::model_of(node, {p})));
  }
  kernels::Shape w_shape() const { return {out, in / groups * 9}; }
  kernels::Shape x_shape() const { return {batch, in * height * width}; }

  Sum at(std::span<const float> qx, std::span<const float> qw, std::size_t image,
         std::size_t channel, std::size_t row, std::size_t col) const {
    Sum sum;
    const std::size_t per_group = in / groups, group = channel / (out / groups);
    for (std::size_t c = 0; c < per_group; ++c) {
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          const std::size_t y = row + i,
                            z = col + j;  // in the image padded by one
          if (y < 1 || y > height || z < 1 || z > width) continue;
          sum.add(qx[((image * in + group * per_group + c) * height + y - 1) * width + z - 1],
                  qw[(channel * per_group + c) * 9 + i * 3 + j]);
        }
      }
    }
    return sum;
  }
};

TEST(SingleLayer, ConvolutionsWeightsAndActivations) {
  for (const ConvolutionData& data :
       {ConvolutionData(1, 6, 5), ConvolutionData(2, 6, 4), ConvolutionData(6, 6, 6)}) {
    Engine engine = data.engine();
    test::calibrate(engine, {{"x", data.x}});
    for (const char* name : kFormats) {
      for (const bool fine : {false, true}) {
        const auto format = test::format(name);
        test::apply(engine, engine.uniform(
                                weight_setting(name, ScaleRule::kAbsmax,
                                               fine ? Granularity::kChannel : Granularity::kTensor),
                                activation_setting(
                                    name, ScaleRule::kAbsmax,
                                    fine ? ActivationScale::kToken : ActivationScale::kStatic)));
        const std::span<const float> xs = data.x.as<float>();
        const auto qw =
            test::quantized(format, data.w, data.w_shape(),
                            scales(format, ScaleRule::kAbsmax, data.w, data.w_shape(), fine));
        const auto qx =
            test::quantized(format, xs, data.x_shape(),
                            scales(format, ScaleRule::kAbsmax, xs, data.x_shape(), fine));
        const Tensors outputs = test::run(engine, {{"x", data.x}});
        const auto y = outputs.at("y").as<float>();
        for (std::size_t i = 0; i < y.size(); ++i) {
          const std::size_t position = i % (data.height * data.width),
                            channel = i / (data.height * data.width) % data.out;
          const Sum sum = data.at(qx, qw, i / (data.height * data.width * data.out), channel,
                                  position / data.width, position % data.width);
          expect_sum(y[i], sum, data.w_shape().cols,
                     std::string(name) + ", groups " + std::to_string(data.groups));
        }
      }
    }
  }
}

// Scales by output error and weighted by inputs work for images of one channel
// and one row too.
TEST(SingleLayer, CalibratedConvolutionOfOneChannel) {
  const auto p = test::parameter({-1, 1, -1});
  const auto node = std::make_shared<ov::op::v1::Convolution>(
      p, test::normal_constant({4, 1, 3}, 1), ov::Strides{1}, ov::CoordinateDiff{1},
      ov::CoordinateDiff{1}, ov::Strides{1});
  Engine engine = test::engine_of(test::load_ir(test::model_of(node, {p})));
  const Tensors inputs = {{"x", test::normal_tensor({5, 1, 30}, 2)}};
  test::calibrate(engine, inputs);
  auto weights = weight_setting("int4", ScaleRule::kMse);
  test::apply(engine, engine.uniform(weights, activation_setting("int8", ScaleRule::kMse,
                                                                 ActivationScale::kOutput)));
  const Tensors plain = test::run(engine, inputs);
  // All columns see the same channel: weighing them changes nothing.
  weights.input_weighted = true;
  test::apply(engine, engine.uniform(weights, activation_setting("int8", ScaleRule::kMse,
                                                                 ActivationScale::kOutput)));
  EXPECT_TRUE(test::same_bits(plain, test::run(engine, inputs)));
}

TEST(SingleLayer, EmbeddingRowsAreTheQuantizedOnes) {
  const std::size_t rows = 9, cols = 40;
  const auto values = test::normal(rows * cols, 0.2F, 5);
  for (const auto type : {ov::element::i64, ov::element::i32}) {
    const auto ids = test::parameter({-1, -1}, "ids", type);
    // From the end, which Gather allows for what a graph computes; ids that are fed are checked
    // where they come in.
    const auto from_end =
        std::make_shared<ov::op::v1::Subtract>(ids, ov::op::v0::Constant::create(type, {}, {9}));
    const auto node = std::make_shared<ov::op::v8::Gather>(test::constant({rows, cols}, values),
                                                           from_end, test::integers({}, {0}));
    Engine engine = test::engine_of(test::load_ir(test::model_of(node, {ids})));
    const std::vector<std::int64_t> index = {0, 17, 3, 8, 9, 5};  // of -9, 8, -6, -1, 0, -4
    Tensor tensor = test::index_tensor({2, 3}, index);
    if (type == ov::element::i32) {
      tensor = Tensor::zeros(ElementType::kI32, {2, 3});
      std::copy(index.begin(), index.end(), tensor.as<std::int32_t>().begin());
    }
    for (const char* name : kFormats) {
      test::apply(engine, engine.uniform(weight_setting(name), {}));
      const auto format = test::format(name);
      const auto q =
          test::quantized(format, values, {rows, cols},
                          scales(format, ScaleRule::kRmsPow2, values, {rows, cols}, false));
      const Tensors outputs = test::run(engine, {{"ids", tensor}});
      ASSERT_EQ(outputs.at("y").shape, (TensorShape{2, 3, cols}));
      for (std::size_t i = 0; i < index.size(); ++i) {
        const auto row = static_cast<std::size_t>(index[i] % 9);
        for (std::size_t c = 0; c < cols; ++c)
          ASSERT_EQ(outputs.at("y").as<float>()[i * cols + c], q[row * cols + c]) << name;
      }
    }
  }
}

}  // namespace
}  // namespace posittune::engine
