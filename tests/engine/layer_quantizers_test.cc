#include "posittune/engine/layer_quantizers.h"

#include <gtest/gtest.h>

#include "posittune/engine/activation_scale.h"
#include "tests/engine/engines.h"
#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::ScaleRule;

TEST(LayerQuantizers, StaticScalesAreThoseOfTheStatistics) {
  test::Parts parts(test::kAllCovariances);
  const std::size_t product = parts.layer("product");
  const auto setting = test::activation_setting("posit<8,1>", ScaleRule::kMsePow2);
  EXPECT_EQ(parts.quantizers.quantizer(product, 0, setting).error().kind, ErrorKind::kUsage);
  parts.calibrate(3);
  const auto made = parts.quantizers.quantizer(product, 0, setting);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->scale,
            static_scale(setting, parts.calibration.statistics(product, 0), 1).value());
  EXPECT_FALSE(made->per_token);
}

TEST(LayerQuantizers, ScalesPerTokenAreNotSearchedFor) {
  test::Parts parts(test::kAllCovariances);
  auto setting = test::activation_setting("int8", ScaleRule::kAbsmax, ActivationScale::kToken);
  const auto made = parts.quantizers.quantizer(parts.layer("attention"), 1, setting);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->per_token);
  setting.rule = ScaleRule::kMse;
  const auto wrong = parts.quantizers.quantizer(parts.layer("attention"), 1, setting);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().expected.find("absmax"), std::string::npos);
}

TEST(LayerQuantizers, NewDataAreSeenOnceTheOldAreForgotten) {
  test::Parts parts(test::kAllCovariances);
  const std::size_t product = parts.layer("product");
  const auto setting = test::activation_setting("int8", ScaleRule::kAbsmax);
  parts.calibrate(1);
  const float first = parts.quantizers.quantizer(product, 0, setting)->scale;
  parts.calibrate(8);
  EXPECT_EQ(parts.quantizers.quantizer(product, 0, setting)->scale, first);
  parts.quantizers.forget();
  EXPECT_LE(parts.quantizers.quantizer(product, 0, setting)->scale, first);
}

}  // namespace
}  // namespace posittune::engine
