#include "posittune/model/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <openvino/op/ops.hpp>

#include "tests/model/models.h"
#include "tests/model/onnx_writer.h"

namespace posittune::model {
namespace {

namespace op = ov::op;
using test::constant;
using test::load_ir;
using test::model_of;
using test::normal_constant;
using test::parameter;

Graph load_or_fail(const std::string& path) {
  auto graph = load(path);
  if (graph.ok()) return std::move(*graph);
  ADD_FAILURE() << graph.error().message();
  return {};
}

std::map<std::string_view, std::size_t> kinds(const Graph& graph) {
  std::map<std::string_view, std::size_t> count;
  for (const Layer& layer : graph.layers) ++count[layer.kind->name];
  return count;
}

// Every layer of a weight points back to it, and the other way round.
void expect_consistent(const Graph& graph) {
  std::size_t uses = 0, weighted = 0;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    for (const std::size_t l : graph.weights[w].layers) EXPECT_EQ(graph.layers[l].weight, w);
    uses += graph.weights[w].layers.size();
    const auto values = weight_values(graph, w);
    ASSERT_TRUE(values.ok()) << values.error().message();
    EXPECT_EQ(values->size(), graph.weights[w].size()) << graph.weights[w].name;
  }
  std::map<std::string, int> names;
  for (const Layer& layer : graph.layers) {
    weighted += layer.weight.has_value() ? 1 : 0;
    EXPECT_EQ(++names[layer.name], 1) << layer.name;
  }
  EXPECT_EQ(uses, weighted);
}

// Six blocks of four products and two of attention, two embeddings, and the
// output layer.
TEST(Load, Gpt2HasATiedEmbedding) {
  const Graph graph = load_or_fail(test::zoo("gpt2"));
  EXPECT_EQ(kinds(graph), (std::map<std::string_view, std::size_t>{
                              {"MatMul", 6 * 4 + 1}, {"Embedding", 2}, {"Attention", 12}}));
  expect_consistent(graph);
  EXPECT_EQ(graph.weights.size(), 6 * 4 + 2u);
  const auto tied = std::find_if(graph.weights.begin(), graph.weights.end(),
                                 [](const Weight& weight) { return weight.layers.size() == 2; });
  ASSERT_NE(tied, graph.weights.end());
  EXPECT_EQ(tied->rows, 4096u);
  EXPECT_EQ(tied->cols, 224u);
  EXPECT_EQ(graph.layers[tied->layers[0]].kind->name, "Embedding");
  EXPECT_EQ(graph.layers[tied->layers[1]].kind->name, "MatMul");
  for (const Weight& weight : graph.weights)
    EXPECT_TRUE(weight.layers.size() == 1 || &weight == &*tied) << weight.name;
  EXPECT_TRUE(graph.notes.empty()) << graph.notes.front();
  EXPECT_TRUE(graph.products.empty()) << to_text(graph.products.front());
}

TEST(Load, AlbertSharesOneLayerOverSixDepths) {
  const Graph graph = load_or_fail(test::zoo("albert"));
  EXPECT_EQ(kinds(graph), (std::map<std::string_view, std::size_t>{
                              {"MatMul", 1 + 6 * 6 + 2}, {"Embedding", 3}, {"Attention", 12}}));
  expect_consistent(graph);
  std::size_t shared = 0;
  for (const Weight& weight : graph.weights) {
    EXPECT_TRUE(weight.layers.size() == 1 || weight.layers.size() == 6)
        << weight.name << " " << weight.layers.size();
    shared += weight.layers.size() == 6 ? 1 : 0;
  }
  EXPECT_EQ(shared, 6u);  // query, key, value, dense, ffn, ffn_output
}

TEST(Load, YoloIsAllConvolutions) {
  const Graph graph = load_or_fail(test::zoo("yolo"));
  EXPECT_EQ(kinds(graph), (std::map<std::string_view, std::size_t>{{"Convolution", 63}}));
  expect_consistent(graph);
  EXPECT_EQ(graph.weights.size(), 63u);
  ASSERT_FALSE(graph.layers.empty());
  const Weight& stem = graph.weights[*graph.layers[0].weight];
  EXPECT_EQ(stem.shape, (TensorShape{16, 3, 3, 3}));
  EXPECT_EQ(stem.rows, 16u);
  EXPECT_EQ(stem.cols, 27u);
}

TEST(Load, InputsAndOutputs) {
  const auto x = parameter({-1, 5}, "x");
  const auto ids = parameter({2, -1, 3}, "ids", ov::element::i32);
  const auto sum = std::make_shared<op::v1::Add>(
      std::make_shared<op::v0::MatMul>(x, normal_constant({5, 4}, 1)),
      std::make_shared<op::v1::ReduceSum>(std::make_shared<op::v0::Convert>(ids, ov::element::f32),
                                          test::integers({3}, {0, 1, 2}), false));
  const Graph graph = load_ir(model_of(sum, {x, ids}));
  ASSERT_EQ(graph.inputs.size(), 2u);
  EXPECT_EQ(graph.inputs[0].name, "x");
  EXPECT_EQ(graph.inputs[0].dims, (std::vector<std::int64_t>{-1, 5}));
  EXPECT_EQ(graph.inputs[1].type, ElementType::kI32);
  EXPECT_EQ(graph.inputs[1].dims, (std::vector<std::int64_t>{2, -1, 3}));
  ASSERT_EQ(graph.outputs.size(), 1u);
  EXPECT_EQ(graph.outputs[0].name, "y");
  EXPECT_EQ(graph.layers.size(), 1u);
}

// rows are output channels: the matrix is transposed where the graph stores in
// x out.
TEST(Load, MatMulWeightsEitherWay) {
  for (const bool transposed : {false, true}) {
    const auto x = parameter({-1, 3});
    const auto w =
        transposed ? constant({2, 3}, {1, 2, 3, 4, 5, 6}) : constant({3, 2}, {1, 4, 2, 5, 3, 6});
    const Graph graph =
        load_ir(model_of(std::make_shared<op::v0::MatMul>(x, w, false, transposed), {x}));
    ASSERT_EQ(graph.weights.size(), 1u);
    EXPECT_EQ(graph.weights[0].name, "w");
    EXPECT_EQ(graph.weights[0].rows, 2u);
    EXPECT_EQ(graph.weights[0].cols, 3u);
    EXPECT_EQ(weight_values(graph, 0).value(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Load, ConstantsBehindTransposeReshapeConvert) {
  const auto x = parameter({-1, 3});
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const auto half =
      std::make_shared<op::v0::Constant>(ov::element::f16, ov::Shape{1, 2, 3}, values);
  half->set_friendly_name("half");
  const auto convert = std::make_shared<op::v0::Convert>(half, ov::element::f32);
  const auto reshape =
      std::make_shared<op::v1::Reshape>(convert, test::integers({2}, {2, 3}), false);
  const auto transpose = std::make_shared<op::v1::Transpose>(reshape, test::integers({2}, {1, 0}));
  const Graph graph = load_ir(model_of(std::make_shared<op::v0::MatMul>(x, transpose), {x}));
  ASSERT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(graph.weights[0].name, "half");
  EXPECT_EQ(graph.weights[0].shape, (TensorShape{1, 2, 3}));
  EXPECT_EQ(graph.weights[0].rows, 2u);
  EXPECT_EQ(weight_values(graph, 0).value(), values);
  EXPECT_EQ(graph.other_parameters, 0u);
}

// Two products with the same constant, one of them by its transpose: two
// matrices, two weights.
TEST(Load, OneConstantAsTwoMatricesIsTwoWeights) {
  const auto x = parameter({-1, 3});
  const auto w = normal_constant({3, 3}, 5);
  const auto first = std::make_shared<op::v0::MatMul>(x, w);
  const auto second = std::make_shared<op::v0::MatMul>(first, w, false, true);
  const auto third = std::make_shared<op::v0::MatMul>(second, w);
  const Graph graph = load_ir(model_of(third, {x}));
  ASSERT_EQ(graph.weights.size(), 2u);
  EXPECT_EQ(graph.weights[0].layers, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(graph.weights[1].layers, (std::vector<std::size_t>{1}));
  EXPECT_NE(graph.weights[0].name, graph.weights[1].name);
}

// A constant computed from others is named after the node that makes it.
TEST(Load, WeightsThatAreComputed) {
  const auto x = parameter({-1, 2});
  const auto product = std::make_shared<op::v1::Multiply>(constant({2, 2}, {1, 2, 3, 4}, "codes"),
                                                          constant({1}, {10}, "scale"));
  product->set_friendly_name("dequantized");
  const Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(x, product, false, true), {x}));
  ASSERT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(graph.weights[0].name, "dequantized");
  EXPECT_EQ(weight_values(graph, 0).value(), (std::vector<float>{10, 20, 30, 40}));
}

// A chain of w + w has one node a step, but 2^steps paths.
TEST(Load, SharedConstantSubgraphsAreFoldedOnce) {
  const auto x = parameter({-1, 2});
  ov::Output<ov::Node> w = constant({2, 2}, {1, 2, 3, 4});
  for (int i = 0; i < 60; ++i) w = std::make_shared<op::v1::Add>(w, w);
  const Graph graph = load_ir(model_of(std::make_shared<op::v0::MatMul>(x, w, false, true), {x}));
  ASSERT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(weight_values(graph, 0).value(), (std::vector<float>{0x1p60, 0x2p60, 0x3p60, 0x4p60}));
}

TEST(Load, WhatStaysInFp32IsNoted) {
  struct Case {
    ov::PartialShape x;
    ov::Shape w;
    bool left, transpose_a;
    const char* why;
  };
  for (const Case& each : {Case{{3, -1}, {2, 3}, true, false, "left operand"},
                           Case{{3, -1}, {3, 2}, false, true, "activations are transposed"},
                           Case{{4, -1, 3}, {4, 3, 2}, false, false, "batch of weight matrices"},
                           Case{{-1, 3}, {1, 3, 2}, false, false, "batch of weight matrices"},
                           Case{{3}, {3, 2}, false, false, "activations are a vector"},
                           Case{{3, -1}, {3}, false, true, "activations are transposed"},
                           Case{{-1, 0}, {0, 2}, false, false, "empty"}}) {
    const auto x = parameter(each.x);
    const auto w = normal_constant(each.w, 1);
    const auto matmul = each.left ? std::make_shared<op::v0::MatMul>(w, x)
                                  : std::make_shared<op::v0::MatMul>(x, w, each.transpose_a, false);
    matmul->set_friendly_name("product");
    const Graph graph = load_ir(model_of(matmul, {x}));
    EXPECT_TRUE(graph.layers.empty()) << each.why;
    ASSERT_EQ(graph.products.size(), 1u) << each.why;
    const std::string text = to_text(graph.products[0]);
    EXPECT_NE(text.find("'product'"), std::string::npos) << text;
    EXPECT_NE(text.find(each.why), std::string::npos) << text;
  }
}

TEST(Load, LeadingOnesAreNoBatch) {
  const auto x = parameter({-1, -1, 3});
  const Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(x, normal_constant({1, 3, 2}, 1)), {x}));
  ASSERT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.weights[0].rows, 2u);
}

TEST(Load, TwoActivationsAreAttention) {
  const auto a = parameter({-1, 2, -1, 8}, "a"), b = parameter({-1, 2, -1, 8}, "b");
  const Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(a, b, false, true), {a, b}));
  ASSERT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.layers[0].kind->name, "Attention");
  EXPECT_FALSE(graph.layers[0].weight.has_value());
  EXPECT_TRUE(graph.weights.empty());
}

TEST(Load, AttentionOfOtherRanksOrTypesIsNoted) {
  const auto a = parameter({-1, 2, 5, 8}, "a"), b = parameter({8, 4}, "b");
  const Graph ranks = load_ir(model_of(std::make_shared<op::v0::MatMul>(a, b), {a, b}));
  EXPECT_TRUE(ranks.layers.empty());
  EXPECT_EQ(ranks.products.size(), 1u);
  const auto c = parameter({5, 8}, "c", ov::element::i32),
             d = parameter({8, 4}, "d", ov::element::i32);
  const Graph types = load_ir(model_of(std::make_shared<op::v0::MatMul>(c, d), {c, d}));
  EXPECT_TRUE(types.layers.empty());
  ASSERT_EQ(types.products.size(), 1u);
  // Nothing says that these integers are codes.
  EXPECT_EQ(types.products[0].reason, "its product is of integers (i32)");
}

TEST(Load, OnlyGathersOfRowsAreEmbeddings) {
  const auto gather = [](const ov::Shape& table, std::int64_t axis, ov::element::Type index) {
    const auto ids = parameter({-1, -1}, "ids", index);
    const auto node = std::make_shared<op::v8::Gather>(normal_constant(table, 1), ids,
                                                       test::integers({}, {axis}));
    return load_ir(model_of(node, {ids})).layers.size();
  };
  EXPECT_EQ(gather({7, 3}, 0, ov::element::i64), 1u);
  EXPECT_EQ(gather({7, 3}, 0, ov::element::i32), 1u);
  EXPECT_EQ(gather({7, 3}, 0, ov::element::u8), 0u);
  EXPECT_EQ(gather({7, 3}, 1, ov::element::i64), 0u);
  EXPECT_EQ(gather({7, 3, 2}, 0, ov::element::i64), 0u);
  EXPECT_EQ(gather({7}, 0, ov::element::i64), 0u);
}

TEST(Load, ConvolutionKindsRowsAndColumns) {
  const auto x = parameter({-1, 4, -1, -1});
  const ov::Strides one = {1, 1};
  const ov::CoordinateDiff none = {0, 0};
  const auto plain = std::make_shared<op::v1::Convolution>(
      x, normal_constant({6, 4, 3, 2}, 1, "plain"), one, none, none, one);
  const auto grouped = std::make_shared<op::v1::GroupConvolution>(
      plain, normal_constant({2, 5, 3, 3, 2}, 2, "grouped"), one, none, none, one);
  const auto back = std::make_shared<op::v1::ConvolutionBackpropData>(
      grouped, normal_constant({10, 4, 3, 2}, 3, "back"), one, none, none, one);
  const auto group_back = std::make_shared<op::v1::GroupConvolutionBackpropData>(
      back, normal_constant({2, 2, 7, 3, 2}, 4, "group_back"), one, none, none, one);
  const Graph graph = load_ir(model_of(group_back, {x}));
  ASSERT_EQ(graph.layers.size(), 4u);
  const auto expect = [&](std::size_t l, std::string_view kind, std::size_t groups,
                          std::size_t rows, std::size_t cols) {
    EXPECT_EQ(graph.layers[l].kind->name, kind) << l;
    EXPECT_EQ(graph.layers[l].groups, groups) << l;
    EXPECT_EQ(graph.weights[l].rows, rows) << l;
    EXPECT_EQ(graph.weights[l].cols, cols) << l;
  };
  expect(0, "Convolution", 1, 6, 4 * 6);
  expect(1, "Convolution", 2, 10, 3 * 6);
  expect(2, "TransposedConvolution", 1, 4, 10 * 6);
  expect(3, "TransposedConvolution", 2, 14, 2 * 6);
}

TEST(Load, ConvolutionOfTwoActivationsIsNoted) {
  const auto x = parameter({1, 2, 8}, "x"), w = parameter({3, 2, 2}, "kernel");
  const auto node = std::make_shared<op::v1::Convolution>(
      x, w, ov::Strides{1}, ov::CoordinateDiff{0}, ov::CoordinateDiff{0}, ov::Strides{1});
  const Graph graph = load_ir(model_of(node, {x, w}));
  EXPECT_TRUE(graph.layers.empty());
  EXPECT_EQ(graph.products.size(), 1u);
}

// ONNX by hand: Gemm with its weights stored either way, one of them in a
// Constant node.
TEST(Load, OnnxGemmAndConstantNodes) {
  namespace onnx = test::onnx;
  const TemporaryFolder folder;
  for (const bool transposed : {false, true}) {
    const auto values =
        transposed ? std::vector<float>{1, 2, 3, 4, 5, 6} : std::vector<float>{1, 4, 2, 5, 3, 6};
    const std::vector<std::uint64_t> shape =
        transposed ? std::vector<std::uint64_t>{2, 3} : std::vector<std::uint64_t>{3, 2};
    for (const bool by_node : {false, true}) {
      const auto weight = onnx::floats("weight", shape, values);
      std::vector<onnx::Message> nodes, initializers = {onnx::floats("bias", {2}, {1, 1})};
      if (by_node) {
        nodes.push_back(onnx::node("maker", "Constant", {}, "weight",
                                   {onnx::tensor_attribute("value", weight)}));
      } else {
        initializers.push_back(weight);
      }
      nodes.push_back(onnx::node("gemm", "Gemm", {"x", "weight", "bias"}, "y",
                                 {onnx::integer_attribute("transB", transposed ? 1 : 0)}));
      write_bytes(
          folder.file("gemm.onnx"),
          onnx::model(nodes, initializers, {onnx::value("x", {0, 3})}, {onnx::value("y", {0, 2})}));
      const Graph graph = load_or_fail(folder.file("gemm.onnx"));
      ASSERT_EQ(graph.layers.size(), 1u);
      EXPECT_EQ(graph.layers[0].kind->name, "MatMul");
      EXPECT_EQ(graph.layers[0].name, "gemm");
      EXPECT_EQ(graph.weights[0].name, by_node ? "maker" : "weight");
      EXPECT_EQ(weight_values(graph, 0).value(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
      EXPECT_GE(graph.other_parameters,
                2u);  // the bias, and what OpenVINO makes of alpha and beta
    }
  }
}

TEST(Load, OnnxHalfPrecisionAndExternalWeights) {
  namespace onnx = test::onnx;
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2, 3, 4};
  write_bytes(folder.file("weights.bin"), {reinterpret_cast<const char*>(values.data()), 16});
  const std::vector<std::uint16_t> halves = {0x3C00, 0x4000, 0x4200, 0x4400};  // 1 2 3 4
  const std::string_view raw(reinterpret_cast<const char*>(halves.data()), 8);
  write_bytes(folder.file("m.onnx"),
              onnx::model({onnx::node("cast", "Cast", {"half"}, "single",
                                      {onnx::integer_attribute("to", 1)}),
                           onnx::node("first", "MatMul", {"x", "single"}, "h"),
                           onnx::node("second", "MatMul", {"h", "far"}, "y")},
                          {onnx::tensor("half", {2, 2}, onnx::kFloat16, raw),
                           onnx::external("far", {2, 2}, "weights.bin")},
                          {onnx::value("x", {0, 2})}, {onnx::value("y", {0, 2})}));
  const Graph graph = load_or_fail(folder.file("m.onnx"));
  ASSERT_EQ(graph.weights.size(), 2u);
  EXPECT_EQ(graph.weights[0].name, "half");
  EXPECT_EQ(graph.weights[1].name, "far");
  for (const std::size_t w : {0, 1})
    EXPECT_EQ(weight_values(graph, w).value(), (std::vector<float>{1, 3, 2, 4}));
}

}  // namespace
}  // namespace posittune::model
