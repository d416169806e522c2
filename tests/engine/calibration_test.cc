// Calibration of chosen layers without an engine around them.

#include "posittune/engine/calibration.h"

#include <gtest/gtest.h>

#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

using test::Parts;

TEST(Calibration, SeesWhatRunsWhileItObserves) {
  Parts parts(test::kAllCovariances);
  parts.run(3);
  EXPECT_FALSE(parts.calibration.calibrated());
  parts.calibrate(3);
  EXPECT_TRUE(parts.calibration.calibrated());
  const std::size_t product = parts.layer("product");
  EXPECT_EQ(parts.calibration.statistics(product, 0).total().count, 3U * 4 * 6);
  EXPECT_EQ(parts.calibration.covariance(product)->count(), 12U);
  parts.run(3);
  EXPECT_EQ(parts.calibration.covariance(product)->count(), 12U);
  parts.calibration.clear();
  EXPECT_FALSE(parts.calibration.calibrated());
  EXPECT_EQ(parts.calibration.covariance(product)->count(), 0U);
}

TEST(Calibration, CountsUsesOfRows) {
  Parts parts(test::kAllCovariances);
  parts.calibrate(3);
  const std::size_t table = parts.layer("table");
  const std::vector<std::uint64_t> uses = {4, 3, 0, 0, 3, 0, 0, 2, 0};  // of i * i % 9, i < 12
  EXPECT_EQ(parts.calibration.uses(table), uses);
  const std::size_t weight = *parts.layers.graph.layers[table].weight;
  EXPECT_EQ(parts.calibration.row_uses(weight), std::vector<double>(uses.begin(), uses.end()));
  EXPECT_TRUE(parts.calibration.uses(parts.layer("product")).empty());
}

TEST(Calibration, KnowsMatricesOfProductsAndConvolutions) {
  for (const bool held_out : {false, true}) {
    Parts parts({.covariance_bytes = 1U << 20, .held_out = held_out, .embedding_columns = 0});
    Calibration& calibration = parts.calibration;
    const auto known = [&](const std::string& name) {
      return calibration.fully_known(*parts.layers.graph.layers[parts.layer(name)].weight);
    };
    EXPECT_TRUE(known("product").empty() && known("convolution").empty());
    parts.calibrate(2);
    for (const char* name : {"product", "convolution"})
      EXPECT_EQ(known(name), std::vector<std::size_t>{parts.layer(name)}) << name << held_out;
    EXPECT_TRUE(known("table").empty());  // its columns were not asked for
    const std::size_t convolution = parts.layer("convolution");
    EXPECT_EQ(&calibration.fit(convolution), &calibration.patches(convolution)->fit);
    // 8 tokens are too few to hold some out; of two images one is.
    const std::size_t product = parts.layer("product");
    EXPECT_EQ(&calibration.holdout(product), &calibration.fit(product));
    EXPECT_EQ(&calibration.holdout(convolution) != &calibration.fit(convolution), held_out);
  }
}

TEST(Calibration, LayersThatAreNotChosenHoldNothing) {
  Parts parts(test::kAllCovariances, {true, false, true, true, true});
  parts.calibrate(2);
  const std::size_t product = parts.layer("product");
  ASSERT_EQ(product, 1U);
  EXPECT_EQ(parts.calibration.covariance(product), nullptr);
  EXPECT_TRUE(parts.calibration.input_squares(*parts.layers.graph.layers[product].weight).empty());
}

}  // namespace
}  // namespace posittune::engine
