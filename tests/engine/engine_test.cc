#include "posittune/engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <openvino/op/add.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/runtime/core.hpp>

#include "posittune/formats/codec.h"
#include "tests/engine/graphs.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::ActivationSetting;
using quant::Granularity;
using quant::ScaleRule;
using quant::WeightSetting;

const std::string kZoo = std::string(POSITTUNE_SOURCE_DIR) + "/zoo/";

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

Tensors zoo_inputs(const std::string& name) {
  if (name == "yolo") return {{"images", testing::random_tensor({2, 3, 192, 192}, 3)}};
  Tensor ids = Tensor::zeros(ElementType::kI64, {3, 40});
  std::int64_t next = 7;
  for (auto& id : ids.as<std::int64_t>()) id = next = (next * 37 + 11) % 4000;
  if (name == "gpt2") return {{"input_ids", ids}};
  Tensor mask = Tensor::zeros(ElementType::kI64, {3, 40});
  for (auto& one : mask.as<std::int64_t>()) one = 1;
  return {{"input_ids", ids}, {"attention_mask", mask}};
}

class ZooTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::string path() const { return kZoo + GetParam() + "/model.onnx"; }
  Engine engine(int threads = 2) const { return testing::make_engine(model::load(path()).value(), threads); }
};

TEST_P(ZooTest, Fp32EqualsOpenVino) {
  ov::Core core;
  const Tensors inputs = zoo_inputs(GetParam());
  const Tensors wanted = testing::run_plain(core.read_model(path()), inputs);
  Engine own = engine();
  auto found = own.run(inputs);
  ASSERT_TRUE(found) << found.error().message();
  for (const auto& [name, tensor] : wanted) {
    EXPECT_LT(testing::relative_difference(found->at(name), tensor), 1e-5) << name;
  }
}

TEST_P(ZooTest, SettingsComeAndGo) {
  const Tensors inputs = zoo_inputs(GetParam());
  Engine one = engine(1), two = engine(2);
  ASSERT_TRUE(one.calibrate(inputs));
  ASSERT_TRUE(two.calibrate(inputs));
  const auto plain = two.run(inputs).value();
  const WeightSetting weights{.format = format("posit8e1")};
  const ActivationSetting activations{.format = format("posit8e1"), .rule = ScaleRule::kMsePow2};
  const quant::Recipe rounded = two.uniform(weights, activations);
  ASSERT_TRUE(two.apply(rounded));
  ASSERT_TRUE(one.apply(rounded));
  const auto first = two.run(inputs).value(), single = one.run(inputs).value();
  ASSERT_TRUE(two.apply(two.uniform(WeightSetting{.format = format("int4")}, std::nullopt)));
  const auto other = two.run(inputs).value();
  ASSERT_TRUE(two.apply(rounded));
  const auto again = two.run(inputs).value();
  ASSERT_TRUE(two.apply({}));
  const auto back = two.run(inputs).value();
  for (const auto& [name, tensor] : plain) {
    if (tensor.type != ElementType::kF32) continue;
    EXPECT_EQ(first.at(name).bytes, again.at(name).bytes);
    EXPECT_EQ(first.at(name).bytes, single.at(name).bytes) << "threads";
    EXPECT_EQ(tensor.bytes, back.at(name).bytes);
    EXPECT_NE(tensor.bytes, first.at(name).bytes);
    EXPECT_NE(other.at(name).bytes, first.at(name).bytes);
    EXPECT_LT(testing::relative_difference(first.at(name), tensor), 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ZooTest, ::testing::Values("gpt2", "albert", "yolo"), [](const auto& test) { return std::string(test.param); });

TEST(Zoo, SharedWeights) {
  const auto albert = model::load(kZoo + "albert/model.onnx").value();
  std::size_t shared = 0;
  for (const model::Weight& weight : albert.weights) shared += weight.layers.size() == 6 ? 1 : 0;
  EXPECT_EQ(shared, 6U);  // query, key, value, dense, two of the feed-forward
  const auto gpt2 = model::load(kZoo + "gpt2/model.onnx").value();
  std::size_t tied = 0;
  for (const model::Weight& weight : gpt2.weights) tied += weight.layers.size() == 2 ? 1 : 0;
  EXPECT_EQ(tied, 1U);
}

// y = x w^T of one layer: 6 tokens, 32 inputs, 10 outputs.
constexpr std::size_t kTokens = 6, kIn = 64, kOut = 10;

std::shared_ptr<ov::Model> one_layer() {
  auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, kIn});
  x->output(0).set_names({"x"});
  auto y = std::make_shared<ov::op::v0::MatMul>(x, testing::random_constant({kOut, kIn}, 5), false, true);
  y->set_friendly_name("layer");
  y->output(0).set_names({"y"});
  return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

struct Rounding {
  const char* name;
  WeightSetting weights;
  ActivationSetting activations;
};

// The scale of the rules that need no search, from their definition.
double scale_of(const formats::Format& f, ScaleRule rule, std::span<const float> values) {
  double largest = 0, squares = 0;
  for (const float x : values) {
    largest = std::max(largest, std::abs(static_cast<double>(x)));
    squares += static_cast<double>(x) * x;
  }
  if (rule == ScaleRule::kNone) return 1;
  if (rule == ScaleRule::kAbsmax) return static_cast<float>(formats::traits(f).max / largest);
  const double centre = f.family == formats::Family::kInt ? formats::traits(f).max / 4 : 1;
  return std::exp2(std::round(std::log2(centre / std::sqrt(squares / static_cast<double>(values.size())))));
}

void round_all(std::span<float> values, const formats::Format& f, double scale) {
  for (float& x : values) x = formats::round_to_float(f, x * static_cast<float>(scale)) / static_cast<float>(scale);
}

TEST(Engine, OneLayerEqualsScalarRounding) {
  const auto model = one_layer();
  const Tensor x = testing::random_tensor({kTokens, kIn}, 9), w = testing::random_tensor({kOut, kIn}, 5);
  for (const char* name : {"posit8e1", "posit8e0", "posit6e1", "int8", "fp8_e4m3", "bf16", "fp16", "posit16e1"}) {
    for (const ScaleRule rule : {ScaleRule::kNone, ScaleRule::kRmsPow2}) {
      for (const bool token : {false, true}) {
        for (const bool channel : {false, true}) {
          Engine engine = testing::make_engine(testing::load_model(model));
          ASSERT_TRUE(engine.calibrate({{"x", x}}));
          const formats::Format f = format(name);
          const WeightSetting weights{.format = f, .rule = rule, .granularity = channel ? Granularity::kChannel : Granularity::kTensor};
          const ActivationSetting inputs{f, rule, token ? ActivationScale::kToken : ActivationScale::kStatic};
          ASSERT_TRUE(engine.apply(engine.uniform(weights, inputs)));
          const auto found = engine.run({{"x", x}}).value().at("y");
          Tensor xq = x, wq = w;
          for (std::size_t i = 0; i < kTokens; ++i) {
            const auto row = xq.as<float>().subspan(i * kIn, kIn);
            const double scale = scale_of(f, rule, token ? x.as<float>().subspan(i * kIn, kIn) : x.as<float>());
            round_all(row, f, scale);
          }
          for (std::size_t j = 0; j < kOut; ++j) {
            const auto row = wq.as<float>().subspan(j * kIn, kIn);
            round_all(row, f, scale_of(f, rule, channel ? w.as<float>().subspan(j * kIn, kIn) : w.as<float>()));
          }
          for (std::size_t i = 0; i < kTokens; ++i) {
            for (std::size_t j = 0; j < kOut; ++j) {
              double sum = 0, magnitude = 0;
              for (std::size_t k = 0; k < kIn; ++k) {
                const double product = static_cast<double>(xq.as<float>()[i * kIn + k]) * wq.as<float>()[j * kIn + k];
                sum += product;
                magnitude += std::abs(product);
              }
              ASSERT_NEAR(found.as<float>()[i * kOut + j], sum, kIn * 0x1p-24 * magnitude) << name << " " << quant::name(rule);
            }
          }
        }
      }
    }
  }
}

TEST(Engine, QuireIsTheExactSum) {
  Engine engine = testing::make_engine(testing::load_model(one_layer()));
  const Tensors inputs = {{"x", testing::random_tensor({kTokens, kIn}, 9)}};
  ASSERT_TRUE(engine.calibrate(inputs));
  quant::Recipe recipe = engine.uniform(WeightSetting{.format = format("posit8e1")}, ActivationSetting{.format = format("posit8e1")});
  ASSERT_TRUE(engine.apply(recipe));
  const auto fp32 = engine.run(inputs).value().at("y");
  recipe.accumulate = quant::Accumulate::kQuire;
  ASSERT_TRUE(engine.apply(recipe));
  EXPECT_EQ(engine.paths().front(), "quire");
  EXPECT_LT(testing::relative_difference(engine.run(inputs).value().at("y"), fp32), 1e-6);
}

TEST(Engine, OutputScaleIsNeverWorseAtTheOutput) {
  const auto model = one_layer();
  const Tensors inputs = {{"x", testing::random_tensor({200, kIn}, 13)}};
  Engine engine = testing::make_engine(testing::load_model(model));
  ASSERT_TRUE(engine.calibrate(inputs));
  const auto exact = engine.run(inputs).value().at("y");
  const auto error = [&](ScaleRule rule, ActivationScale how) {
    EXPECT_TRUE(engine.apply(engine.uniform(std::nullopt, ActivationSetting{format("int4"), rule, how})));
    const auto found = engine.run(inputs).value().at("y");
    double sum = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) sum += std::pow(found.as<float>()[i] - exact.as<float>()[i], 2);
    return sum;
  };
  const double chosen = error(ScaleRule::kMse, ActivationScale::kOutput);
  EXPECT_LE(chosen, error(ScaleRule::kAbsmax, ActivationScale::kStatic) * (1 + 1e-9));
  EXPECT_LE(chosen, error(ScaleRule::kRmsPow2, ActivationScale::kStatic) * (1 + 1e-9));
}

TEST(Engine, RareLargeValuesAnswerForClipping) {
  Engine engine = testing::make_engine(testing::load_model(one_layer()));
  Tensor x = testing::random_tensor({4000, kIn}, 17);
  x.as<float>()[12345] = 1000;  // the sample of tokens misses it
  ASSERT_TRUE(engine.calibrate({{"x", x}}));
  ASSERT_TRUE(engine.apply(engine.uniform(std::nullopt, ActivationSetting{format("int16"), ScaleRule::kMsePow2})));
  ASSERT_TRUE(engine.run({{"x", x}}));
  const auto wanted = testing::run_plain(one_layer(), {{"x", x}}).at("y");
  EXPECT_LT(testing::relative_difference(engine.run({{"x", x}}).value().at("y"), wanted), 1e-3);
}

TEST(Engine, BitsCountScalesAndTags) {
  Engine engine = testing::make_engine(testing::load_model(one_layer()));
  EXPECT_EQ(engine.bits_per_weight({}), 32);
  const double weights = kIn * kOut;
  const auto bits = [&](const WeightSetting& setting) { return engine.bits_per_weight(engine.uniform(setting, std::nullopt)); };
  EXPECT_DOUBLE_EQ(bits({.format = format("posit6e1")}), (6 * weights + 8 + 8) / weights);
  EXPECT_DOUBLE_EQ(bits({.format = format("int8"), .rule = ScaleRule::kAbsmax, .granularity = Granularity::kChannel}), (8 * weights + 32 * kOut + 8) / weights);
  EXPECT_DOUBLE_EQ(bits({.format = format("int4"), .rule = ScaleRule::kAbsmax, .granularity = Granularity::kGroup, .group = 48}), (4 * weights + 32 * 2 * kOut + 8) / weights);
  EXPECT_DOUBLE_EQ(bits({.format = format("mxfp4"), .rule = ScaleRule::kNone}), (4 * weights + 8 * 2 * kOut + 8) / weights);
}

TEST(Engine, Errors) {
  Engine engine = testing::make_engine(testing::load_model(one_layer()));
  quant::Recipe recipe;
  recipe.weights["nothing"] = {.format = format("int8")};
  EXPECT_EQ(engine.apply(recipe).error().kind, ErrorKind::kUsage);
  recipe = engine.uniform(std::nullopt, ActivationSetting{.format = format("int8")});
  EXPECT_EQ(engine.apply(recipe).error().kind, ErrorKind::kUsage);  // not calibrated
  recipe = engine.uniform(std::nullopt, ActivationSetting{format("int8"), ScaleRule::kMse, ActivationScale::kToken});
  EXPECT_EQ(engine.apply(recipe).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(engine.run({}).error().kind, ErrorKind::kInput);
  EXPECT_EQ(engine.run({{"x", testing::random_tensor({2, kIn + 1}, 1)}}).error().kind, ErrorKind::kInput);
  Engine gpt2 = testing::make_engine(model::load(kZoo + "gpt2/model.onnx").value());
  Tensors inputs = zoo_inputs("gpt2");
  inputs.at("input_ids").as<std::int64_t>()[5] = 100000;
  const auto ran = gpt2.run(inputs);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().kind, ErrorKind::kInput);
  EXPECT_NE(ran.error().message().find("100000"), std::string::npos);
}

}  // namespace
}  // namespace posittune::engine
