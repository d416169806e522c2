// What the parts of an OutputError mean, whichever call it comes from. How large they are is in
// layer_errors_test.cc.

#include "posittune/engine/output_error.h"

#include <gtest/gtest.h>

#include <numeric>
#include <openvino/op/matmul.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

// y = x W^T; the channels are the rows of W, the powers of two 1, 2 and 4 and zero.
Engine calibrated() {
  const auto x = test::parameter({-1, 2});
  auto node = std::make_shared<ov::op::v0::MatMul>(
      x, test::constant({4, 2}, {1, 0, 0, 2, 4, 0, 0, 0}), false, true);
  node->set_friendly_name("a");
  auto engine = Engine::create(test::load_ir(test::model_of(node, {x})),
                               {.chosen = {true}, .threads = 1, .covariance_bytes = 1U << 10});
  EXPECT_TRUE(engine.ok());
  test::calibrate(*engine, {{"x", test::float_tensor({2, 2}, {3, 1, 1, 3})}});
  return std::move(*engine);
}

TEST(OutputError, NothingIsLostByDefault) {
  const OutputError none;
  EXPECT_TRUE(none.channels.empty());
  EXPECT_EQ(none.error, 0);
  EXPECT_EQ(none.signal, 0);
}

// By hand: the mean of x_0^2, and of x_1^2, is 5. int2 has -1, 0 and 1, with scale 1: errors of 1
// and 3 in the channels of 2 and 4. Signal: 5 (1 + 4 + 16).
TEST(OutputError, OfAWeightByChannels) {
  Engine engine = calibrated();
  auto setting = test::weight_setting("int2", quant::ScaleRule::kNone);
  const auto found = engine.weight_error(0, setting);
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->channels, (std::vector<double>{0, 5, 45, 0}));
  EXPECT_EQ(found->error, 50);
  EXPECT_EQ(found->signal, 105);
}

// Both tokens lose 2 in one input: 4 (1 + 16) and 4 x 4, halved for the mean of two tokens.
TEST(OutputError, OfAnInputAsAWhole) {
  Engine engine = calibrated();
  const auto found =
      engine.activation_error(0, test::activation_setting("int2", quant::ScaleRule::kNone));
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_TRUE(found->channels.empty());
  EXPECT_EQ(found->error, (4 * 17 + 4 * 4) / 2.0);
  EXPECT_EQ(found->signal, 105);
}

}  // namespace
}  // namespace posittune::engine
