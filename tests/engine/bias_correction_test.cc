// What a bias takes back, by hand; compensator_test.cc has models that run with it.

#include "posittune/engine/bias_correction.h"

#include <gtest/gtest.h>

#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ScaleRule;

// y = W x, W = ((0.75, 1.25), (2, -3)); to integers: (1, 1) and itself. Ties are to even, of which
// there are none.
Engine engine() {
  const auto x = test::parameter({-1, 2});
  auto node = std::make_shared<ov::op::v0::MatMul>(
      x, test::constant({2, 2}, {0.75F, 1.25F, 2, -3}, "w"), false, true);
  return test::engine_of(test::load_ir(test::model_of(node, {x})));
}

quant::WeightSetting corrected() {
  auto setting = test::weight_setting("int8", ScaleRule::kNone);
  setting.bias_correction = true;
  return setting;
}

// Inputs (1, 2) and (3, 8): mean (2, 5). (0.75 - 1) 2 + (1.25 - 1) 5 = 0.75.
TEST(BiasCorrection, IsTheMeanErrorOfEachChannel) {
  Engine made = engine();
  test::calibrate(made, {{"x", test::float_tensor({2, 2}, {1, 2, 3, 8})}});
  const auto shift = made.bias_correction(0, corrected());
  ASSERT_TRUE(shift.ok()) << shift.error().message();
  EXPECT_EQ(*shift, (std::vector<float>{0.75F, 0}));
  quant::Recipe recipe;
  recipe.weights["w"] = corrected();
  test::apply(made, recipe);
  const Tensor y = test::run(made, {{"x", test::float_tensor({1, 2}, {2, 5})}}).at("y");
  EXPECT_EQ(y.as<float>()[0], 7.75F);  // what W gives for the mean
  EXPECT_EQ(y.as<float>()[1], -11);
}

TEST(BiasCorrection, NothingWhereNoneIsAskedFor) {
  Engine made = engine();
  test::calibrate(made, {{"x", test::float_tensor({2, 2}, {1, 2, 3, 8})}});
  auto plain = corrected();
  plain.bias_correction = false;
  EXPECT_TRUE(made.bias_correction(0, plain)->empty());
}

}  // namespace
}  // namespace posittune::engine
