// Multiply-accumulates, counted by hand.

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "posittune/model/graph.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;
using test::load_ir;
using test::model_of;
using test::normal_constant;
using test::parameter;

std::vector<std::uint64_t> macs(const Graph& graph,
                                const std::map<std::string, TensorShape>& shapes) {
  const auto counted = count_macs(graph, shapes);
  if (counted.ok()) return *counted;
  ADD_FAILURE() << counted.error().message();
  return {};
}

TEST(CountMacs, DimensionsThatNoShapeCloses) {
  Graph graph;
  graph.inputs = {{"x", ElementType::kF32, {1, 3}}, {"y", ElementType::kF32, {-1, 3}}};
  EXPECT_TRUE(has_open_dimension(graph, {}));
  EXPECT_TRUE(has_open_dimension(graph, {{"x", {1, 3}}}));
  EXPECT_FALSE(has_open_dimension(graph, {{"y", {2, 3}}}));
  graph.inputs.pop_back();
  EXPECT_FALSE(has_open_dimension(graph, {}));
}

TEST(CountMacs, MatMulEmbeddingAndAttention) {
  const auto ids = parameter({-1, -1}, "ids", ov::element::i64);
  const auto rows =
      std::make_shared<op::v8::Gather>(normal_constant({50, 6}, 1), ids, test::integers({}, {0}));
  const auto product = std::make_shared<op::v0::MatMul>(rows, normal_constant({6, 8}, 2));
  const auto scores = std::make_shared<op::v0::MatMul>(product, product, false, true);
  const Graph graph = load_ir(model_of(scores, {ids}));
  // An embedding multiplies nothing; 3 x 5 tokens, 6 -> 8; 3 batches of 5 x 8
  // times 8 x 5.
  EXPECT_EQ(macs(graph, {{"ids", {3, 5}}}),
            (std::vector<std::uint64_t>{0, 3 * 5 * 6 * 8, 3 * 5 * 8 * 5}));
  EXPECT_EQ(macs(graph, {}), (std::vector<std::uint64_t>{0, 48, 8}));
}

TEST(CountMacs, Convolutions) {
  const auto x = parameter({-1, 4, -1, -1});
  const ov::Strides one = {1, 1}, two = {2, 2};
  const ov::CoordinateDiff none = {0, 0}, pad = {1, 1};
  const auto plain = std::make_shared<op::v1::Convolution>(x, normal_constant({6, 4, 3, 3}, 1), two,
                                                           pad, pad, one);
  const auto depthwise = std::make_shared<op::v1::GroupConvolution>(
      plain, normal_constant({6, 1, 1, 3, 3}, 2), one, none, none, one);
  const auto back = std::make_shared<op::v1::ConvolutionBackpropData>(
      depthwise, normal_constant({6, 5, 2, 2}, 3), two, none, none, one);
  const Graph graph = load_ir(model_of(back, {x}));
  // 2 images of 10 x 12: stride 2 gives 5 x 6; the 3 x 3 depthwise 3 x 4; each
  // of its values meets 5 x 2 x 2 weights.
  EXPECT_EQ(macs(graph, {{"x", {2, 4, 10, 12}}}),
            (std::vector<std::uint64_t>{2 * 6 * 5 * 6 * 4 * 9, 2 * 6 * 3 * 4 * 9,
                                        2 * 6 * 3 * 4 * 5 * 4}));
}

// Six blocks of 12 * 224^2 products a token, the output layer, and both halves
// of attention.
TEST(CountMacs, Gpt2) {
  const auto graph = load(test::zoo("gpt2"));
  ASSERT_TRUE(graph.ok());
  const std::uint64_t batch = 2, tokens = 7;
  std::map<std::string, TensorShape> shapes;
  for (const TensorInfo& input : graph->inputs) shapes[input.name] = {batch, tokens};
  std::uint64_t products = 0, attention = 0;
  const auto counted = macs(*graph, shapes);
  for (std::size_t l = 0; l < graph->layers.size(); ++l) {
    (graph->layers[l].kind->name == "Attention" ? attention : products) += counted[l];
  }
  EXPECT_EQ(products, batch * tokens * (6 * 12 * 224 * 224 + 4096 * 224));
  EXPECT_EQ(attention, 6 * 2 * batch * tokens * tokens * 224);
}

TEST(CountMacs, BadShapesAreUsageErrors) {
  const auto x = parameter({-1, 4, 6});
  const Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(x, normal_constant({6, 2}, 1)), {x}));
  for (const std::map<std::string, TensorShape>& shapes :
       std::vector<std::map<std::string, TensorShape>>{
           {{"z", {1, 4, 6}}}, {{"x", {1, 4}}}, {{"x", {1, 4, 7}}}, {{"x", {0, 4, 6}}}}) {
    const auto counted = count_macs(graph, shapes);
    ASSERT_FALSE(counted.ok());
    EXPECT_EQ(counted.error().kind, ErrorKind::kUsage);
    EXPECT_NE(counted.error().message().find("x"), std::string::npos);
  }
}

// Sizes that the graph itself refuses: an image smaller than the kernel.
TEST(CountMacs, ShapesThatTheModelRefuses) {
  const auto x = parameter({1, 1, -1});
  const auto node = std::make_shared<op::v1::Convolution>(x, normal_constant({1, 1, 5}, 1),
                                                          ov::Strides{1}, ov::CoordinateDiff{0},
                                                          ov::CoordinateDiff{0}, ov::Strides{1});
  const Graph graph = load_ir(model_of(node, {x}));
  const auto counted = count_macs(graph, {{"x", {1, 1, 3}}});
  ASSERT_FALSE(counted.ok());
  EXPECT_EQ(counted.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(macs(graph, {{"x", {1, 1, 9}}}), std::vector<std::uint64_t>{5 * 5});
}

// As an engine leaves it.
TEST(CountMacs, AGraphWithoutNodes) {
  const auto x = parameter({-1, 4, 6});
  Graph graph =
      load_ir(model_of(std::make_shared<op::v0::MatMul>(x, normal_constant({6, 2}, 1)), {x}));
  for (Layer& layer : graph.layers) layer.node.reset();
  graph.ov_model.reset();
  const auto counted = count_macs(graph, {});
  ASSERT_FALSE(counted.ok());
  EXPECT_EQ(counted.error().kind, ErrorKind::kInternal);
}

}  // namespace
}  // namespace posittune::model
