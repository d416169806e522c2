// A layer that fails fails the run, on each path and for each kind of layer, and nothing of that
// run is kept.

#include "tests/engine/faults.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using test::Fault;
using test::Faulty;

constexpr Fault kFaults[] = {Fault::kError, Fault::kMemory, Fault::kThrow};

Tensors ids(unsigned seed) {
  std::vector<std::int64_t> values;
  for (unsigned i = 0; i < 12; ++i) values.push_back((seed * 5 + i * i + i) % 9);
  return {{"ids", test::index_tensor({3, 4}, values)}};
}

Engine engine_of_all_kinds(std::size_t segments = 1) {
  model::Graph graph = test::load_ir(test::model_of_all_kinds());
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine = Engine::create(std::move(graph), {.chosen = all,
                                                  .threads = 2,
                                                  .segments = segments,
                                                  .covariance_bytes = 1U << 20,
                                                  .held_out = true,
                                                  .embedding_columns = 16});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());
}

void expect_failed(const Error& error, Fault fault, const std::string& layer) {
  EXPECT_EQ(error.kind, test::kind_of(fault)) << error.message();
  EXPECT_NE(error.where.find("'" + layer + "'"), std::string::npos) << error.message();
}

// What follows from calibration, of all layers with a weight.
std::vector<double> learnt(Engine& engine) {
  std::vector<double> all;
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    if (!engine.graph().layers[l].weight) continue;
    auto setting = test::weight_setting("int4", quant::ScaleRule::kMse);
    setting.input_weighted = true;
    const auto weight = engine.weight_error(l, setting);
    EXPECT_TRUE(weight.ok()) << weight.error().message();
    if (weight.ok()) all.push_back(weight->error);
    if (engine.graph().layers[l].kind->name == "Embedding") continue;
    const auto input =
        engine.activation_error(l, test::activation_setting("int8", quant::ScaleRule::kMse));
    EXPECT_TRUE(input.ok()) << input.error().message();
    if (input.ok()) all.push_back(input->error);
  }
  return all;
}

TEST(Faults, TheModelHasEachKind) {
  Engine engine = engine_of_all_kinds();
  std::set<std::string_view> kinds;
  for (const model::Layer& layer : engine.graph().layers) kinds.insert(layer.kind->name);
  EXPECT_EQ(kinds.size(), model::layer_kinds().size());
  std::multiset<std::size_t> groups;
  for (const model::Layer& layer : engine.graph().layers) groups.insert(layer.groups);
  EXPECT_EQ(groups.count(2), 2U);
  EXPECT_EQ(groups.count(4), 1U);
}

TEST(Faults, RunReturnsTheErrorAndNoOutputs) {
  Engine engine = engine_of_all_kinds();
  const Tensors before = test::run(engine, ids(1)), after = test::run(engine, ids(2));
  ASSERT_FALSE(test::same_bits(before, after));
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    for (const Fault fault : kFaults) {
      {
        const Faulty faulty(engine, l, fault);
        const auto outputs = engine.run(ids(2));
        ASSERT_FALSE(outputs.ok()) << engine.graph().layers[l].name;
        expect_failed(outputs.error(), fault, engine.graph().layers[l].name);
      }
      EXPECT_TRUE(test::same_bits(test::run(engine, ids(2)), after)) << "goes on as before";
    }
  }
}

TEST(Faults, RunInSegmentsAndFromEach) {
  Engine engine = engine_of_all_kinds(5);
  ASSERT_GE(engine.segment_count(), 2U);
  std::vector<Tensors> crossing(engine.segment_count());
  const auto keep = [&](std::size_t segment, Tensors tensors) {
    crossing[segment] = std::move(tensors);
    return success();
  };
  const auto whole = engine.run(ids(1), keep);
  ASSERT_TRUE(whole.ok());
  const std::vector<Tensors> kept = crossing;
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    const Faulty faulty(engine, l, Fault::kError);
    const std::string& name = engine.graph().layers[l].name;
    const auto outputs = engine.run(ids(2), keep);
    ASSERT_FALSE(outputs.ok()) << name;
    expect_failed(outputs.error(), Fault::kError, name);
    for (std::size_t first = 0; first < engine.segment_count(); ++first) {
      const auto rest = engine.run_from(first, ids(1), kept[first]);
      EXPECT_EQ(rest.ok(), first > engine.segment_of(l)) << name << " from " << first;
      if (!rest.ok()) {
        expect_failed(rest.error(), Fault::kError, name);
      } else {
        EXPECT_TRUE(test::same_bits(*rest, *whole)) << name;
      }
    }
  }
  // Nothing behind a failed layer is called with what it left.
  const Faulty last(engine, engine.graph().layers.size() - 1, Fault::kMemory),
      first(engine, 0, Fault::kError);
  EXPECT_EQ(engine.run(ids(2)).error().kind, ErrorKind::kUnsupported);
}

TEST(Faults, AFailedCalibrationLeavesNothing) {
  Engine fresh = engine_of_all_kinds();
  for (const unsigned seed : {1U, 2U, 3U, 4U}) test::calibrate(fresh, ids(seed));
  const std::vector<double> expected = learnt(fresh);
  for (std::size_t l = 0; l < fresh.graph().layers.size(); ++l) {
    for (const Fault fault : {Fault::kError, Fault::kMemory}) {
      Engine engine = engine_of_all_kinds();
      test::calibrate(engine, ids(7));
      {
        const Faulty faulty(engine, l, fault);
        const Status seen = engine.calibrate(ids(5));
        ASSERT_FALSE(seen.ok()) << engine.graph().layers[l].name;
        expect_failed(seen.error(), fault, engine.graph().layers[l].name);
      }
      EXPECT_FALSE(engine.calibrated());
      auto weighted = test::weight_setting("int4", quant::ScaleRule::kMse);
      weighted.input_weighted = true;
      EXPECT_EQ(engine.apply(engine.uniform(weighted, {})).error().kind, ErrorKind::kUsage);
      for (const unsigned seed : {1U, 2U, 3U, 4U}) test::calibrate(engine, ids(seed));
      EXPECT_EQ(learnt(engine), expected) << engine.graph().layers[l].name;
    }
  }
}

TEST(Faults, MeasuringEmbeddings) {
  Engine engine = engine_of_all_kinds();
  const auto go_on = [] { return success(); };
  for (const unsigned seed : {1U, 2U, 3U, 4U}) test::calibrate(engine, ids(seed));
  const auto measure = [&] {
    for (const unsigned seed : {1U, 2U, 3U, 4U})
      ASSERT_TRUE(engine.measure_embeddings(ids(seed), "", go_on).ok());
  };
  measure();
  const std::vector<double> expected = learnt(engine);
  const Tensors outputs = test::run(engine, ids(3));
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    for (const std::size_t from : {0U, 1U, 4U}) {
      const Faulty faulty(engine, l, Fault::kError, from);
      const Status measured = engine.measure_embeddings(ids(5), "", go_on);
      ASSERT_FALSE(measured.ok()) << engine.graph().layers[l].name;
      expect_failed(measured.error(), Fault::kError, engine.graph().layers[l].name);
    }
    EXPECT_TRUE(test::same_bits(test::run(engine, ids(3)), outputs)) << "the table is as it was";
  }
  measure();
  EXPECT_EQ(learnt(engine), expected);
}

// A real one: of two batches, the second is refused, and the first one's outputs do not come back.
TEST(Faults, AnIndexOutsideTheTable) {
  Engine engine = engine_of_all_kinds();
  test::run(engine, ids(1));
  Tensors bad = ids(1);
  bad.at("ids").as<std::int64_t>()[7] = 9;
  const auto outputs = engine.run(bad);
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().kind, ErrorKind::kInput);
  EXPECT_NE(outputs.error().message().find("9 at position 7"), std::string::npos)
      << outputs.error().message();
  EXPECT_EQ(engine.calibrate(bad).error().kind, ErrorKind::kInput);
  EXPECT_FALSE(engine.calibrated());
}

}  // namespace
}  // namespace posittune::engine
