// Products of two activations.

#include <gtest/gtest.h>

#include <cmath>
#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

std::shared_ptr<ov::Model> product(const ov::PartialShape& a_shape, const ov::PartialShape& b_shape,
                                   bool transpose_a, bool transpose_b) {
  const auto a = test::parameter(a_shape, "a"), b = test::parameter(b_shape, "b");
  const auto node = std::make_shared<ov::op::v0::MatMul>(a, b, transpose_a, transpose_b);
  node->set_friendly_name("scores");
  return test::model_of(node, {a, b});
}

TEST(Attention, EqualsOpenVinoEitherWayRound) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const auto model = product({-1, -1, -1, -1}, {-1, -1, -1, -1}, ta, tb);
      Engine engine = test::engine_of(test::load_ir(model));
      quant::Recipe exact;
      exact.accumulate = quant::Accumulate::kQuire;
      for (const auto& [batch, heads] :
           std::vector<std::pair<std::size_t, std::size_t>>{{1, 3}, {2, 1}}) {
        const Tensors inputs = {
            {"a", test::normal_tensor(
                      ta ? TensorShape{batch, 3, 16, 5} : TensorShape{batch, 3, 5, 16}, 1)},
            {"b",
             test::normal_tensor(
                 tb ? TensorShape{batch, heads, 7, 16} : TensorShape{batch, heads, 16, 7}, 2)}};
        const Tensors expected = test::run_plain(model, inputs);
        test::apply(engine, {});
        const Tensors fp32 = test::run(engine, inputs);
        test::apply(engine, exact);
        const Tensors quire = test::run(engine, inputs);
        EXPECT_LT(test::relative_difference(fp32.at("y"), expected.at("y")), 1e-6)
            << ta << tb << batch;
        EXPECT_LT(test::relative_difference(quire.at("y"), expected.at("y")), 1e-6)
            << ta << tb << batch;
      }
    }
  }
}

// The batch of either operand may be broadcast.
TEST(Attention, Broadcasts) {
  const auto model = product({-1, 1, 4, 8}, {1, 3, 8, 2}, false, false);
  Engine engine = test::engine_of(test::load_ir(model));
  const Tensors inputs = {{"a", test::normal_tensor({5, 1, 4, 8}, 1)},
                          {"b", test::normal_tensor({1, 3, 8, 2}, 2)}};
  EXPECT_LT(test::relative_difference(test::run(engine, inputs).at("y"),
                                      test::run_plain(model, inputs).at("y")),
            1e-6);
}

TEST(Attention, NothingToSum) {
  const auto model = product({-1, -1}, {-1, -1}, false, false);
  Engine engine = test::engine_of(test::load_ir(model));
  const Tensors inputs = {{"a", Tensor::zeros(ElementType::kF32, {3, 0})},
                          {"b", Tensor::zeros(ElementType::kF32, {0, 4})}};
  const auto outputs = engine.run(inputs);
  if (!outputs.ok()) {
    EXPECT_EQ(outputs.error().kind, ErrorKind::kInput);
  } else {
    for (const float value : outputs->at("y").as<float>()) EXPECT_EQ(value, 0);
  }
}

// Each operand is quantized, with a scale of its own.
TEST(Attention, BothOperandsAreQuantized) {
  const std::size_t m = 6, n = 9, k = 33;
  const auto model = product({-1, -1}, {-1, -1}, false, true);
  const Tensors inputs = {{"a", test::normal_tensor({m, k}, 1, 0.01F)},
                          {"b", test::normal_tensor({n, k}, 2, 50)}};
  const auto a = inputs.at("a").as<float>(), b = inputs.at("b").as<float>();
  for (const char* name : {"posit<6,1>", "int8", "mxfp8"}) {
    for (const auto scale : {quant::ActivationScale::kStatic, quant::ActivationScale::kToken}) {
      Engine engine = test::engine_of(test::load_ir(model));
      test::calibrate(engine, inputs);
      const auto setting = test::activation_setting(name, quant::ScaleRule::kAbsmax, scale);
      quant::Recipe recipe;
      recipe.activations["scores"] = setting;
      test::apply(engine, recipe);
      const Tensors outputs = test::run(engine, inputs);
      const bool rows = scale == quant::ActivationScale::kToken;
      const auto q = [&](std::span<const float> x, std::size_t count) {
        const kernels::Shape shape{count, k};
        const auto scales =
            quant::choose_scales(setting.format, setting.rule, x, shape, rows).value();
        return test::quantized(setting.format, x, shape, scales);
      };
      const auto qa = q(a, m), qb = q(b, n);
      for (std::size_t i = 0; i < m * n; ++i) {
        double sum = 0, magnitude = 0;
        for (std::size_t c = 0; c < k; ++c) {
          const double one = double{qa[i / n * k + c]} * qb[i % n * k + c];
          sum += one;
          magnitude += std::fabs(one);
        }
        // k roundings of partial sums
        ASSERT_NEAR(outputs.at("y").as<float>()[i], sum,
                    static_cast<double>(k) * 0x1p-24 * magnitude)
            << name;
      }
    }
  }
}

}  // namespace
}  // namespace posittune::engine
