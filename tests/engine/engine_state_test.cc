// How the objects of an engine hang together; what each does is in the test of its name.

#include "posittune/engine/engine_state.h"

#include <gtest/gtest.h>

#include "tests/engine/engine_access.h"
#include "tests/engine/engines.h"
#include "tests/engine/faults.h"
#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

Tensors ids() { return {{"ids", test::index_tensor({2, 4}, {0, 1, 2, 3, 8, 7, 6, 5})}}; }

// What one object does the others see: no object has a copy of another.
TEST(EngineState, TheObjectsKnowEachOther) {
  test::Parts parts(test::kAllCovariances);
  const std::size_t product = parts.layer("product");
  const auto input = test::activation_setting("int8");
  EXPECT_FALSE(parts.quantizers.quantizer(product, 0, input).ok());
  EXPECT_FALSE(parts.errors.of_weight(product, test::weight_setting("int4")).ok());
  parts.calibrate(3);  // by running the compiled model
  EXPECT_TRUE(parts.calibration.calibrated());
  EXPECT_TRUE(parts.errors.of_weight(product, test::weight_setting("int4")).ok());
  const auto quantizer = parts.quantizers.quantizer(product, 0, input);
  ASSERT_TRUE(quantizer.ok()) << quantizer.error().message();

  // A recipe reaches the nodes, and the next run.
  const Tensors exact = parts.run(2);
  quant::Recipe recipe;
  recipe.activations["product"] = input;
  ASSERT_TRUE(parts.recipe.apply(recipe).ok());
  const auto& setting = parts.layers.nodes[product]->setting;
  ASSERT_TRUE(setting.activation[0].has_value());
  EXPECT_EQ(setting.activation[0]->scale, quantizer->scale);
  EXPECT_FALSE(test::same_bits(parts.run(2), exact));
  ASSERT_TRUE(parts.recipe.apply({}).ok());
  EXPECT_TRUE(test::same_bits(parts.run(2), exact));
}

TEST(EngineState, IsWhatAnEngineWorksOn) {
  Engine engine = test::engine_of(test::load_ir(test::model_of_all_kinds()));
  EngineTestAccess::State& state = EngineTestAccess::state(engine);
  EXPECT_EQ(&state.layers.graph, &engine.graph());
  EXPECT_EQ(state.layers.nodes.size(), engine.graph().layers.size());
  EXPECT_TRUE(test::same_bits(state.model.run(0, ids(), {}, {}).value(), test::run(engine, ids())));
  quant::Recipe recipe;
  recipe.weights["w_product"] = test::weight_setting("int4");
  test::apply(engine, recipe);
  EXPECT_EQ(state.recipe.current(), recipe);
  EXPECT_FALSE(state.calibration.calibrated());
  test::apply(engine, {});
  test::calibrate(engine, ids());
  EXPECT_TRUE(state.calibration.calibrated());
}

}  // namespace
}  // namespace posittune::engine
