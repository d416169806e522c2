// Elements that layers read and write, counted by hand.

#include "posittune/cost/loads.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/model/models.h"

namespace posittune::cost {
namespace {

namespace op = ov::op;
using test::load_ir;
using test::model_of;
using test::normal_constant;
using test::parameter;

Loads count(const model::Graph& graph, const std::map<std::string, TensorShape>& shapes) {
  auto loads = count_loads(graph, shapes);
  if (loads) return std::move(*loads);
  ADD_FAILURE() << loads.error().message();
  return {};
}

void expect_load(const LayerLoad& load, std::uint64_t macs, std::uint64_t weights,
                 std::uint64_t inputs, std::uint64_t outputs) {
  EXPECT_TRUE(load.known);
  EXPECT_EQ(load.macs, macs);
  EXPECT_EQ(load.weights, weights);
  EXPECT_EQ(load.inputs, inputs);
  EXPECT_EQ(load.outputs, outputs);
}

TEST(CountLoads, EmbeddingMatMulAttention) {
  const auto ids = parameter({-1, -1}, "ids", ov::element::i64);
  const auto rows =
      std::make_shared<op::v8::Gather>(normal_constant({50, 6}, 1), ids, test::integers({}, {0}));
  const auto product = std::make_shared<op::v0::MatMul>(rows, normal_constant({6, 8}, 2));
  const auto scores = std::make_shared<op::v0::MatMul>(product, product, false, true);
  const Loads loads = count(load_ir(model_of(scores, {ids})), {{"ids", {3, 5}}});
  ASSERT_EQ(loads.layers.size(), 3U);
  EXPECT_EQ(loads.unknown, 0U);
  expect_load(loads.layers[0], 0, 15 * 6, 0, 15 * 6);  // the rows of 15 tokens
  expect_load(loads.layers[1], 15 * 6 * 8, 6 * 8, 15 * 6, 15 * 8);
  expect_load(loads.layers[2], 3 * 5 * 8 * 5, 0, 2 * 15 * 8, 3 * 5 * 5);
}

TEST(CountLoads, Convolutions) {
  const auto x = parameter({-1, 4, -1, -1});
  const ov::Strides one = {1, 1}, two = {2, 2};
  const ov::CoordinateDiff none = {0, 0}, pad = {1, 1};
  const auto plain = std::make_shared<op::v1::Convolution>(x, normal_constant({6, 4, 3, 3}, 1), two,
                                                           pad, pad, one);
  const auto back = std::make_shared<op::v1::ConvolutionBackpropData>(
      plain, normal_constant({6, 5, 2, 2}, 3), two, none, none, one);
  const Loads loads = count(load_ir(model_of(back, {x})), {{"x", {2, 4, 10, 12}}});
  ASSERT_EQ(loads.layers.size(), 2U);
  expect_load(loads.layers[0], 2 * 6 * 30 * 36, 6 * 4 * 9, 2 * 4 * 120, 2 * 6 * 30);
  expect_load(loads.layers[1], 2 * 6 * 30 * 20, 6 * 5 * 4, 2 * 6 * 30, 2 * 5 * 120);
}

// A product with as many rows as there are nonzeros.
TEST(CountLoads, ShapesThatDependOnData) {
  const auto x = parameter({-1, 4});
  const auto places = std::make_shared<op::v3::NonZero>(x, ov::element::i64);
  const auto values = std::make_shared<op::v0::Convert>(places, ov::element::f32);
  const auto rows = std::make_shared<op::v1::Transpose>(values, test::integers({2}, {1, 0}));
  const auto product = std::make_shared<op::v0::MatMul>(rows, normal_constant({2, 3}, 1));
  const Loads loads = count(load_ir(model_of(product, {x})), {{"x", {2, 4}}});
  ASSERT_EQ(loads.layers.size(), 1U);
  for (const LayerLoad& load : loads.layers) {
    EXPECT_FALSE(load.known);
    EXPECT_EQ(load.macs + load.weights + load.inputs + load.outputs, 0U);
  }
  EXPECT_EQ(loads.unknown, loads.layers.size());
}

TEST(CountLoads, AlbertsDepthsReadTheirWeightSixTimes) {
  const auto graph = model::load(test::zoo("albert"));
  ASSERT_TRUE(graph.ok());
  std::map<std::string, TensorShape> shapes;
  for (const TensorInfo& input : graph->inputs) shapes[input.name] = {2, 16};
  const Loads loads = count(*graph, shapes);
  std::size_t shared = 0;
  for (const model::Weight& weight : graph->weights) {
    if (weight.layers.size() != 6) continue;
    ++shared;
    for (const std::size_t layer : weight.layers) {
      EXPECT_EQ(loads.layers[layer].weights, weight.size());
      EXPECT_EQ(loads.layers[layer].inputs, 2 * 16 * weight.cols);
      EXPECT_EQ(loads.layers[layer].macs, 2 * 16 * weight.size());
    }
  }
  EXPECT_EQ(shared, 6U);
}

TEST(CountLoads, BadShapesAreUsageErrors) {
  const auto x = parameter({-1, 6});
  const model::Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(x, normal_constant({6, 2}, 1)), {x}));
  const auto loads = count_loads(graph, {{"y", {1, 6}}});
  ASSERT_FALSE(loads.ok());
  EXPECT_EQ(loads.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::cost
