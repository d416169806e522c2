#include "posittune/engine/chosen_layers.h"

#include <gtest/gtest.h>

#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

TEST(ChosenLayers, OperandsAndNames) {
  const test::Parts parts(test::kAllCovariances);
  const ChosenLayers& layers = parts.layers;
  EXPECT_EQ(layers.operands(parts.layer("table")), 0U);
  EXPECT_EQ(layers.operands(parts.layer("product")), 1U);
  EXPECT_EQ(layers.operands(parts.layer("attention")), 2U);
  EXPECT_EQ(layers.cols(parts.layer("convolution")), 9U);
  EXPECT_EQ(layers.where(parts.layer("product")), "layer 'product'");
}

TEST(ChosenLayers, WeightsThatNoChosenLayerReadsAreNotLoaded) {
  const test::Parts parts(test::kAllCovariances, {true, false, true, true, true});
  EXPECT_TRUE(parts.layers.check_weight(parts.weight("table")).ok());
  const Status wrong = parts.layers.check_weight(parts.weight("product"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(parts.layers.stores[parts.weight("product")].has_value());
}

}  // namespace
}  // namespace posittune::engine
