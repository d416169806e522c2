// A graph that is cut: the same outputs, whichever segment a run begins at.

#include "posittune/engine/segments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <openvino/op/add.hpp>
#include <openvino/op/matmul.hpp>
#include <string>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

Engine cut_engine(model::Graph graph, std::size_t segments) {
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine =
      Engine::create(std::move(graph), {.chosen = all, .threads = 2, .segments = segments});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());
}

// What crosses into each segment; entry 0 is empty.
std::vector<Tensors> crossings(Engine& engine, const Tensors& inputs, Tensors& outputs) {
  std::vector<Tensors> kept(engine.segment_count());
  auto ran = engine.run(inputs, [&](std::size_t segment, Tensors crossing) -> Status {
    kept.at(segment) = std::move(crossing);
    return success();
  });
  EXPECT_TRUE(ran.ok()) << ran.error().message();
  if (ran) outputs = std::move(*ran);
  return kept;
}

class Segments : public testing::TestWithParam<std::string> {
 protected:
  Segments()
      : graph_(model::load(test::zoo(GetParam())).value()),
        inputs_(test::zoo_inputs(graph_, 2, 24, 1)) {}
  model::Graph graph_;
  Tensors inputs_;
};

TEST_P(Segments, EqualTheUncutGraph) {
  Engine whole = test::engine_of(model::load(test::zoo(GetParam())).value());
  Engine cut = cut_engine(std::move(graph_), 64);
  EXPECT_GE(cut.segment_count(), 4u);
  const Tensors expected = test::run(whole, inputs_), got = test::run(cut, inputs_);
  ASSERT_EQ(expected.size(), got.size());
  // OpenVINO fuses across what is now a cut, which changes the order of sums.
  for (const auto& [name, tensor] : expected)
    EXPECT_LT(test::relative_difference(got.at(name), tensor), 1e-5) << name;
}

TEST_P(Segments, EachIsAStart) {
  Engine engine = cut_engine(std::move(graph_), 64);
  Tensors outputs;
  const auto kept = crossings(engine, inputs_, outputs);
  for (std::size_t s = 0; s < engine.segment_count(); ++s) {
    auto again = engine.run_from(s, inputs_, kept[s]);
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_TRUE(test::same_bits(*again, outputs)) << "segment " << s;
    if (s > 0) {
      EXPECT_EQ(kept[s].size(), engine.cut_before(s).tensors.size());
    }
  }
}

// The layer's own segment on FP32's crossing tensors: every bit of a run of all segments.
TEST_P(Segments, AChangedLayerRunsFromItsSegment) {
  Engine engine = cut_engine(std::move(graph_), 64);
  Tensors outputs;
  const auto kept = crossings(engine, inputs_, outputs);
  std::size_t changed = 0;
  for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) {
    const model::Layer& layer = engine.graph().layers[l];
    const std::size_t segment = engine.segment_of(l);
    if (!layer.weight) continue;
    // A shared weight changes in each layer that uses it, the first of which counts.
    const auto& users = engine.graph().weights[*layer.weight].layers;
    std::size_t first = segment;
    for (const std::size_t user : users) first = std::min(first, engine.segment_of(user));
    quant::Recipe recipe;
    recipe.weights[engine.graph().weights[*layer.weight].name] = test::weight_setting("posit<4,1>");
    test::apply(engine, recipe);
    const Tensors whole = test::run(engine, inputs_);
    auto suffix = engine.run_from(first, inputs_, kept[first]);
    ASSERT_TRUE(suffix.ok()) << suffix.error().message();
    EXPECT_TRUE(test::same_bits(*suffix, whole)) << layer.name;
    changed += test::same_bits(whole, outputs) ? 0 : 1;
  }
  EXPECT_GT(changed, 20u);  // the test sees that something was quantized
}

INSTANTIATE_TEST_SUITE_P(Models, Segments, testing::Values("gpt2", "albert", "yolo"),
                         [](const auto& each) { return each.param; });

TEST(SegmentsOfGpt2, AreCutAtTheResidualStream) {
  Engine engine = cut_engine(model::load(test::zoo("gpt2")).value(), 64);
  for (std::size_t s = 1; s < engine.segment_count(); ++s) {
    // 64 items of 64 tokens of 224 floats; a mask and some shapes cross too.
    EXPECT_LE(engine.cut_before(s).bytes, 64u * 64u * 224u * 4u * 11u / 10u);
  }
}

TEST(SegmentsOfGpt2, AsManyAsAskedForAndSpread) {
  for (const std::size_t most : {1u, 2u, 3u, 5u}) {
    Engine engine = cut_engine(model::load(test::zoo("gpt2")).value(), most);
    EXPECT_EQ(engine.segment_count(), most);
    std::vector<std::size_t> layers(most, 0);
    for (std::size_t l = 0; l < engine.graph().layers.size(); ++l) ++layers[engine.segment_of(l)];
    for (const std::size_t count : layers)
      EXPECT_GE(count, engine.graph().layers.size() / most / 2);
  }
}

std::shared_ptr<ov::Model> two_products() {
  const auto x = test::parameter({-1, 4});
  const auto first =
      std::make_shared<ov::op::v0::MatMul>(x, test::normal_constant({4, 4}, 1, "w1"));
  const auto sum = std::make_shared<ov::op::v1::Add>(first, x);
  const auto second =
      std::make_shared<ov::op::v0::MatMul>(sum, test::normal_constant({4, 4}, 2, "w2"));
  return test::model_of(second, {x});
}

TEST(SmallSegments, Errors) {
  Engine engine = cut_engine(test::load_ir(two_products()), 9);
  ASSERT_EQ(engine.segment_count(), 2u);
  const Tensors inputs = {{"x", test::normal_tensor({3, 4}, 5)}};
  EXPECT_EQ(engine.run_from(2, inputs, {}).error().kind, ErrorKind::kUsage);
  const auto missing = engine.run_from(1, inputs, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kUsage);
  EXPECT_NE(missing.error().message().find(engine.cut_before(1).tensors.front()),
            std::string::npos);
  const auto stopped = engine.run(inputs, [](std::size_t, const Tensors&) -> Status {
    return Error{.kind = ErrorKind::kInterrupted, .what = "stop"};
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
}

// A model whose batch is fixed at 5: fewer items are filled up, and what crosses the cuts has been.
TEST(FixedBatch, FewerItemsGiveTheirOwnRowsFromEachSegmentOn) {
  const auto x = test::parameter({5, 8});
  ov::Output<ov::Node> at = x;
  for (unsigned l = 0; l < 4; ++l)
    at = std::make_shared<ov::op::v0::MatMul>(
        at, test::normal_constant({8, 8}, l, "w" + std::to_string(l)));
  Engine engine = cut_engine(test::load_ir(test::model_of(at, {x})), 4);
  ASSERT_GE(engine.segment_count(), 2u);
  const Tensor all = test::normal_tensor({5, 8}, 9);
  Tensors outputs;
  crossings(engine, {{"x", all}}, outputs);
  const auto whole = outputs.at("y").as<float>();
  for (const std::size_t items : {1, 2, 4, 5}) {
    Tensor some = all;
    some.shape[0] = items;
    some.bytes.resize(items * 8 * sizeof(float));
    Tensors expected;
    const auto kept = crossings(engine, {{"x", some}}, expected);
    ASSERT_EQ(expected.at("y").shape, (TensorShape{items, 8}));
    const auto rows = expected.at("y").as<float>();
    EXPECT_TRUE(std::equal(rows.begin(), rows.end(), whole.begin())) << items;
    for (std::size_t s = 0; s < engine.segment_count(); ++s) {
      const auto again = engine.run_from(s, {{"x", some}}, kept[s]);
      ASSERT_TRUE(again.ok()) << again.error().message();
      EXPECT_TRUE(test::same_bits(*again, expected)) << items << " items, segment " << s;
    }
  }
}

}  // namespace
}  // namespace posittune::engine
