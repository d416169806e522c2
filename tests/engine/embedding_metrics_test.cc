// What changes of embeddings do to a model's output, measured, and embeddings that are compensated
// by it.

#include "posittune/engine/embedding_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <openvino/op/add.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::Granularity;
using quant::ScaleRule;
using test::weight_setting;

constexpr std::size_t kWords = 40, kCols = 12, kOut = 5;

std::shared_ptr<ov::Node> rows_of(const ov::Output<ov::Node>& table,
                                  const ov::Output<ov::Node>& ids, const std::string& name) {
  auto node = std::make_shared<ov::op::v8::Gather>(table, ids, test::integers({}, {0}));
  node->set_friendly_name(name);
  return node;
}

std::shared_ptr<ov::Node> product(const ov::Output<ov::Node>& x,
                                  const ov::Output<ov::Node>& weight) {
  auto node = std::make_shared<ov::op::v0::MatMul>(x, weight, false, true);
  node->set_friendly_name("product");
  return node;
}

// y = V (word + position)
std::shared_ptr<ov::Model> two_tables() {
  const auto ids = test::parameter({-1, -1}, "ids", ov::element::i64),
             places = test::parameter({-1, -1}, "places", ov::element::i64);
  const auto words = rows_of(test::normal_constant({kWords, kCols}, 1, "words"), ids, "word"),
             positions =
                 rows_of(test::normal_constant({7, kCols}, 2, "places_table"), places, "position");
  const auto sum = std::make_shared<ov::op::v1::Add>(words, positions);
  return test::model_of(product(sum, test::normal_constant({kOut, kCols}, 3, "v")), {ids, places});
}

Tensors some_ids(unsigned seed) {
  std::vector<std::int64_t> ids, places;
  for (std::size_t i = 0; i < 30; ++i) {
    ids.push_back(static_cast<std::int64_t>((seed * 31 + i * i * 7 + i) % kWords));
    places.push_back(static_cast<std::int64_t>(i % 6));
  }
  return {{"ids", test::index_tensor({5, 6}, ids)}, {"places", test::index_tensor({5, 6}, places)}};
}

Engine engine_with(const std::shared_ptr<ov::Model>& model, std::size_t columns,
                   const std::vector<std::string>& without = {}) {
  model::Graph graph = test::load_ir(model);
  std::vector<bool> chosen;
  for (const model::Layer& layer : graph.layers)
    chosen.push_back(std::find(without.begin(), without.end(), layer.name) == without.end());
  auto engine = Engine::create(std::move(graph), {.chosen = chosen,
                                                  .threads = 2,
                                                  .covariance_bytes = 1U << 20,
                                                  .held_out = true,
                                                  .embedding_columns = columns});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());
}

Status go_on() { return success(); }

void calibrate_and_measure(Engine& engine, unsigned batches = 4, const std::string& output = "") {
  for (unsigned seed = 0; seed < 4; ++seed) test::calibrate(engine, some_ids(seed));
  for (unsigned seed = 0; seed < batches; ++seed) {
    const Status measured = engine.measure_embeddings(some_ids(seed), output, go_on);
    ASSERT_TRUE(measured.ok()) << measured.error().message();
  }
}

std::size_t layer_named(const Engine& engine, const std::string& name) {
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    if (engine.graph().layers[l].name == name) return l;
  }
  ADD_FAILURE() << name;
  return 0;
}

// By the definition: |V d|^2 of each row's error d, mean over the elements of y, by how often the
// row was used.
double expected_error(const std::vector<float>& table, const quant::WeightSetting& setting,
                      const std::vector<double>& shares) {
  const std::size_t rows = table.size() / kCols;
  const auto v = test::normal(kOut * kCols, 1, 3);
  const auto scales =
      quant::choose_scales(setting.format, setting.rule, table, {rows, kCols}, true).value();
  const auto q = test::quantized(setting.format, table, {rows, kCols}, scales);
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t o = 0; o < kOut; ++o) {
      double y = 0;
      for (std::size_t c = 0; c < kCols; ++c)
        y += double{v[o * kCols + c]} * (double{q[r * kCols + c]} - table[r * kCols + c]);
      sum += shares[r] * y * y / kOut;
    }
  }
  return sum;
}

TEST(EmbeddingMetrics, ErrorsAreThoseOfTheOutput) {
  Engine engine = engine_with(two_tables(), kCols);
  ASSERT_EQ(engine.embedding_runs(), kCols);
  calibrate_and_measure(engine);
  std::vector<double> words(kWords, 0), places(7, 0);
  for (unsigned seed = 0; seed < 4; ++seed) {
    const Tensors inputs = some_ids(seed);
    for (const std::int64_t id : inputs.at("ids").as<std::int64_t>())
      words[static_cast<std::size_t>(id)] += 1 / 120.0;
    for (const std::int64_t id : inputs.at("places").as<std::int64_t>())
      places[static_cast<std::size_t>(id)] += 1 / 120.0;
  }
  const auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  const auto word = engine.weight_error(layer_named(engine, "word"), setting),
             position = engine.weight_error(layer_named(engine, "position"), setting);
  ASSERT_TRUE(word.ok() && position.ok());
  // Differences in FP32 over a step of a tenth: some 1e-6 each. Of both tables only words were
  // changed.
  const double of_words = expected_error(test::normal(kWords * kCols, 1, 1), setting, words),
               of_places = expected_error(test::normal(7 * kCols, 1, 2), setting, places);
  EXPECT_NEAR(word->error, of_words, 1e-4 * of_words);
  EXPECT_NEAR(position->error, of_places, 1e-4 * of_places);
}

TEST(EmbeddingMetrics, CompensatedRoundingLowersThem) {
  Engine engine = engine_with(two_tables(), kCols);
  calibrate_and_measure(engine);
  for (const char* format : {"posit<4,1>", "int4", "posit<8,1>", "fp4_e2m1"}) {
    auto setting = weight_setting(format, ScaleRule::kMse, Granularity::kChannel);
    const double nearest = engine.weight_error(layer_named(engine, "word"), setting)->error;
    setting.rounding = quant::Rounding::kCompensated;
    EXPECT_LT(engine.weight_error(layer_named(engine, "word"), setting)->error, 0.6 * nearest)
        << format;
    EXPECT_EQ(engine.fell_back(engine.graph().layers[layer_named(engine, "word")].weight.value(),
                               setting),
              false);
  }
}

// The model is as it was, and runs with what was compensated.
TEST(EmbeddingMetrics, RunsBeforeAndAfter) {
  Engine engine = engine_with(two_tables(), kCols);
  const Tensors before = test::run(engine, some_ids(9));
  calibrate_and_measure(engine);
  EXPECT_TRUE(test::same_bits(test::run(engine, some_ids(9)), before));
  double errors[2] = {};
  for (const bool compensated : {false, true}) {
    auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
    setting.rounding = compensated ? quant::Rounding::kCompensated : quant::Rounding::kNearest;
    quant::Recipe recipe;
    recipe.weights["words"] = recipe.weights["places_table"] = setting;
    test::apply(engine, recipe);
    const Tensors after = test::run(engine, some_ids(9));
    for (std::size_t i = 0; i < before.at("y").size(); ++i)
      errors[compensated ? 1 : 0] +=
          std::pow(double{after.at("y").as<float>()[i]} - before.at("y").as<float>()[i], 2);
  }
  EXPECT_LT(errors[1], 0.6 * errors[0]);
  const Status refused = engine.measure_embeddings(some_ids(0), "", go_on);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

// Stopped half way, or asked for what is not there, the model is as it was too.
TEST(EmbeddingMetrics, StopsWhenToldTo) {
  Engine engine = engine_with(two_tables(), kCols);
  const Tensors before = test::run(engine, some_ids(9));
  int runs = 0;
  const Status stopped = engine.measure_embeddings(some_ids(0), "", [&]() -> Status {
    if (++runs < 5) return success();
    return Error{.kind = ErrorKind::kResource, .what = "enough"};
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().what, "enough");
  EXPECT_EQ(runs, 5);
  const Status missing = engine.measure_embeddings(some_ids(0), "z", go_on);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().found, "z");
  EXPECT_TRUE(test::same_bits(test::run(engine, some_ids(9)), before));
}

std::size_t weight_named(const Engine& engine, const std::string& layer) {
  return engine.graph().layers[layer_named(engine, layer)].weight.value();
}

quant::WeightSetting compensated_int4() {
  auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  setting.rounding = quant::Rounding::kCompensated;
  return setting;
}

TEST(EmbeddingMetrics, EmbeddingsAlone) {
  Engine engine = engine_with(two_tables(), kCols, {"product"});
  calibrate_and_measure(engine);
  EXPECT_TRUE(engine.calibrated());
  const auto error = engine.weight_error(layer_named(engine, "word"), compensated_int4());
  ASSERT_TRUE(error.ok()) << error.error().message();
  EXPECT_EQ(engine.fell_back(weight_named(engine, "word"), compensated_int4()), false);
}

TEST(EmbeddingMetrics, NothingIsKnownWithoutABatchHeldOut) {
  Engine engine = engine_with(two_tables(), kCols);
  calibrate_and_measure(engine, 3);
  ASSERT_TRUE(engine.weight_error(layer_named(engine, "word"), compensated_int4()).ok());
  EXPECT_EQ(engine.fell_back(weight_named(engine, "word"), compensated_int4()), true);
}

// y is of the words, z of other indices: what is measured is the output that is asked for.
std::shared_ptr<ov::Model> two_outputs() {
  const auto ids = test::parameter({-1, -1}, "ids", ov::element::i64),
             places = test::parameter({-1, -1}, "places", ov::element::i64);
  const auto y = product(rows_of(test::normal_constant({kWords, kCols}, 1, "words"), ids, "word"),
                         test::normal_constant({kOut, kCols}, 3, "v"));
  const auto z = std::make_shared<ov::op::v0::MatMul>(
      rows_of(test::normal_constant({7, kCols}, 2, "places_table"), places, "position"),
      test::normal_constant({kOut, kCols}, 4, "u"), false, true);
  z->set_friendly_name("other");
  y->output(0).set_names({"y"});
  z->output(0).set_names({"z"});
  auto model =
      std::make_shared<ov::Model>(ov::OutputVector{y, z}, ov::ParameterVector{ids, places});
  return model;
}

TEST(EmbeddingMetrics, OfTheOutputThatIsAskedFor) {
  for (const char* output : {"y", "z"}) {
    Engine engine = engine_with(two_outputs(), kCols);
    EXPECT_EQ(engine.embedding_runs(), 2 * kCols);
    calibrate_and_measure(engine, 4, output);
    for (const char* layer : {"word", "position"}) {
      // Where the output does not move, squares count as they are.
      const auto error = engine.weight_error(layer_named(engine, layer), compensated_int4());
      ASSERT_TRUE(error.ok());
      EXPECT_GT(error->error, 0);
      EXPECT_EQ(engine.fell_back(weight_named(engine, layer), compensated_int4()),
                (layer == std::string("word")) != (output == std::string("y")))
          << layer << " " << output;
    }
  }
}

// One row for all positions: its J is the sum of theirs, so a table of its own.
TEST(EmbeddingMetrics, BroadcastRowsShareNothing) {
  const auto ids = test::parameter({-1, 6}, "ids", ov::element::i64),
             speaker = test::parameter({-1, 1}, "places", ov::element::i64);
  const auto words = rows_of(test::normal_constant({kWords, kCols}, 1, "words"), ids, "word"),
             voices = rows_of(test::normal_constant({7, kCols}, 2, "voices"), speaker, "voice");
  const auto model = test::model_of(product(std::make_shared<ov::op::v1::Add>(words, voices),
                                            test::normal_constant({kOut, kCols}, 3, "v")),
                                    {ids, speaker});
  EXPECT_EQ(engine_with(model, kCols).embedding_runs(), 2 * kCols);
}

// A table that two embeddings read: M is of both, and so are their errors together.
TEST(EmbeddingMetrics, TwoReadersOfOneTable) {
  const auto ids = test::parameter({-1, -1}, "ids", ov::element::i64),
             places = test::parameter({-1, -1}, "places", ov::element::i64);
  const auto table = test::normal_constant({kWords, kCols}, 1, "words");
  const auto sum = std::make_shared<ov::op::v1::Add>(rows_of(table, ids, "word"),
                                                     rows_of(table, places, "position"));
  Engine engine = engine_with(
      test::model_of(product(sum, test::normal_constant({kOut, kCols}, 3, "v")), {ids, places}),
      kCols);
  calibrate_and_measure(engine);
  std::vector<double> shares(kWords, 0);
  for (unsigned seed = 0; seed < 4; ++seed) {
    for (const auto& [name, tensor] : some_ids(seed)) {
      for (const std::int64_t id : tensor.as<std::int64_t>())
        shares[static_cast<std::size_t>(id)] += 1 / 240.0;
    }
  }
  const auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  const auto word = engine.weight_error(layer_named(engine, "word"), setting),
             position = engine.weight_error(layer_named(engine, "position"), setting);
  ASSERT_TRUE(word.ok() && position.ok());
  // J^T J of an element of y has both rows': twice, and cross terms with the signs of 24 positions
  // held out: a third is wide.
  const double one = expected_error(test::normal(kWords * kCols, 1, 1), setting, shares);
  EXPECT_NEAR(word->error + position->error, 2 * one, 0.33 * 2 * one);
}

// y = (e . e') with the same table at both ends: what a product reads as well has an S of its own.
std::shared_ptr<ov::Model> tied() {
  const auto ids = test::parameter({-1, -1}, "ids", ov::element::i64);
  const auto table = test::normal_constant({kWords, kCols}, 1, "words");
  return test::model_of(product(rows_of(table, ids, "word"), table), {ids});
}

TEST(EmbeddingMetrics, WhatIsNotMeasured) {
  EXPECT_EQ(engine_with(two_tables(), kCols - 1).embedding_runs(), 0u);
  EXPECT_EQ(engine_with(two_tables(), 0).embedding_runs(), 0u);
  EXPECT_EQ(engine_with(tied(), kCols).embedding_runs(), 0u);
  EXPECT_EQ(engine_with(tied(), kCols, {"product"}).embedding_runs(),
            kCols);  // that end stays FP32
  Engine none = engine_with(two_tables(), 0);
  for (unsigned seed = 0; seed < 4; ++seed) test::calibrate(none, some_ids(seed));
  EXPECT_TRUE(none.measure_embeddings(some_ids(0), "", go_on).ok());
  auto setting = weight_setting("int4", ScaleRule::kMse, Granularity::kChannel);
  setting.rounding = quant::Rounding::kCompensated;
  ASSERT_TRUE(none.weight_error(layer_named(none, "word"), setting).ok());
  EXPECT_EQ(none.fell_back(none.graph().layers[layer_named(none, "word")].weight.value(), setting),
            true);
}

TEST(EmbeddingMetrics, SketchedOutputsKeepTheirProducts) {
  EXPECT_EQ(sketched_difference(std::vector<float>{3, 5, 7}, std::vector<float>{1, 1, 1}, 2),
            (std::vector<float>{1, 2, 3}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(sketched_difference(std::vector<float>{nan, 5}, std::vector<float>{1, 1}, 2),
            (std::vector<float>{0, 2}));
  const std::size_t count = 100000;
  const auto a = test::normal(count, 1, 1), b = test::normal(count, 1, 2);
  std::vector<float> mixed(count);
  for (std::size_t i = 0; i < count; ++i) mixed[i] = 0.6F * a[i] + 0.8F * b[i];
  const std::vector<float> zeros(count, 0), fa = sketched_difference(a, zeros, 1),
                                            fm = sketched_difference(mixed, zeros, 1);
  ASSERT_EQ(fa.size(), 4096);
  double product = 0, square = 0;
  for (std::size_t i = 0; i < fa.size(); ++i) {
    product += double{fa[i]} * fm[i];
    square += double{fa[i]} * fa[i];
  }
  // Standard deviation of an inner product of 4096 sums: |a||b| / sqrt(4096) = 1.6 %; four of them.
  EXPECT_NEAR(square / count, 1, 0.09);
  EXPECT_NEAR(product / count, 0.6, 0.0625);
}

TEST(EmbeddingMetrics, PerturbedTables) {
  const std::vector<float> values = test::normal(kWords * kCols, 1, 1);
  const double step = perturbation(values);
  EXPECT_NEAR(step, 0.1, 0.02);
  EXPECT_EQ(perturbation(std::vector<float>(10, 0)), 0);
  std::vector<float> perturbed = values;
  perturb_column(perturbed, kCols, 4, 0.5, 1);
  int up = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float moved = perturbed[i] - values[i];
    EXPECT_NEAR(std::abs(moved), i % kCols == 4 ? 0.5 : 0, 1e-6);
    up += moved > 0.1F ? 1 : 0;
  }
  EXPECT_GT(up, 8);
  EXPECT_LT(up, 32);
}

}  // namespace
}  // namespace posittune::engine
