// Scales, slopes and windows that a model multiplies by element by element.

#include "posittune/model/elementwise.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "posittune/model/graph.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;
using test::constant;
using test::integers;
using test::load_ir;
using test::model_of;
using test::normal_constant;
using test::parameter;

using Node = std::shared_ptr<ov::Node>;
using Names = std::vector<std::string>;

// The only entry of the model whose output is `node`.
Product only_entry(const Node& node, const ov::ParameterVector& parameters) {
  const Graph graph = load_ir(model_of(node->output(0), parameters));
  EXPECT_TRUE(graph.products.empty());
  if (graph.elementwise.size() == 1) return graph.elementwise[0];
  ADD_FAILURE() << graph.elementwise.size() << " entries";
  return {};
}

void expect_entry(const Product& found, const std::string& type, const Names& constants,
                  std::uint64_t elements) {
  EXPECT_EQ(found.type, type);
  EXPECT_EQ(found.constants, constants);
  EXPECT_EQ(found.elements, elements);
  EXPECT_EQ(found.bytes, 4 * elements);
  EXPECT_EQ(found.reason, "");
}

TEST(Elementwise, EachOperator) {
  const auto x = parameter({-1, 4, 6});
  const auto s = normal_constant({4, 1}, 1, "s"), v = constant({4}, {1, 2, 3, 4}, "v");
  const auto g = normal_constant({4}, 2, "g"), b = normal_constant({4}, 3, "b");
  expect_entry(only_entry(std::make_shared<op::v1::Multiply>(x, s), {x}), "Multiply", {"s"}, 4);
  expect_entry(only_entry(std::make_shared<op::v1::Multiply>(s, x), {x}), "Multiply", {"s"}, 4);
  expect_entry(only_entry(std::make_shared<op::v1::Divide>(x, s), {x}), "Divide", {"s"}, 4);
  expect_entry(only_entry(std::make_shared<op::v1::Divide>(s, x), {x}), "Divide", {"s"}, 4);
  expect_entry(only_entry(std::make_shared<op::v0::PRelu>(x, g), {x}), "PRelu", {"g"}, 4);
  expect_entry(only_entry(std::make_shared<op::v5::BatchNormInference>(x, g, b, b, v, 1e-5), {x}),
               "BatchNormInference", {"g", "v"}, 8);
  expect_entry(only_entry(std::make_shared<op::v12::GroupNormalization>(x, g, b, 2, 1e-5), {x}),
               "GroupNormalization", {"g"}, 4);
  const auto signal = parameter({1, 32}, "signal");
  const auto size = test::integers({}, {8});
  expect_entry(only_entry(std::make_shared<op::v15::STFT>(signal, normal_constant({8}, 4, "window"),
                                                          size, size, false),
                          {signal}),
               "STFT", {"window"}, 8);
}

// As the scale of an InstanceNormalization is read.
TEST(Elementwise, ConstantsInTheShapeOfAnActivation) {
  const auto x = parameter({-1, 4, 6});
  const auto shape = std::make_shared<op::v3::ShapeOf>(x, ov::element::i64);
  const auto ones = std::make_shared<op::v3::Broadcast>(
      integers({1}, {1}),
      std::make_shared<op::v1::Subtract>(std::make_shared<op::v3::ShapeOf>(shape, ov::element::i64),
                                         integers({1}, {2})));
  const auto target = std::make_shared<op::v0::Concat>(
      ov::OutputVector{integers({1}, {1}), integers({1}, {4}), ones}, 0);
  const auto scale =
      std::make_shared<op::v1::Reshape>(normal_constant({4}, 1, "scale"), target, false);
  expect_entry(only_entry(std::make_shared<op::v1::Multiply>(x, scale), {x}), "Multiply", {"scale"},
               4);
  const auto wide = std::make_shared<op::v3::Broadcast>(normal_constant({6}, 2, "row"), shape);
  expect_entry(only_entry(std::make_shared<op::v1::Multiply>(x, wide), {x}), "Multiply", {"row"},
               6);
}

TEST(Elementwise, WhatIsLeftOut) {
  const auto x = parameter({-1, 4}), y = parameter({-1, 4}, "other");
  const auto one = constant({1, 1}, {2}, "one");
  const auto spread = std::make_shared<op::v3::Broadcast>(one, integers({2}, {1, 4}));
  const auto computed = std::make_shared<op::v1::Multiply>(normal_constant({4, 3}, 1, "v"),
                                                           normal_constant({1, 3}, 2, "g"));
  const auto i = parameter({-1, 4}, "i", ov::element::i64);
  for (const Node& node :
       {Node(std::make_shared<op::v1::Multiply>(x, one)),
        Node(std::make_shared<op::v1::Multiply>(x, spread)),
        Node(std::make_shared<op::v1::Multiply>(x, y)),
        Node(std::make_shared<op::v1::Add>(x, normal_constant({4}, 3))),
        Node(std::make_shared<op::v1::Power>(x, normal_constant({4}, 3))),
        Node(std::make_shared<op::v0::MatMul>(x, computed)),
        Node(std::make_shared<op::v1::Multiply>(i, integers({4}, {1, 2, 3, 4})))}) {
    const Graph graph = load_ir(model_of(node->output(0), {x, y, i}));
    EXPECT_TRUE(graph.elementwise.empty()) << node->get_type_name();
  }
}

// Its bytes are those of the tensors, which are counted beside the layers.
TEST(Elementwise, BytesAreCountedOnce) {
  const auto x = parameter({-1, 4});
  const auto s = normal_constant({4}, 1, "s");
  const auto scaled = std::make_shared<op::v1::Multiply>(x, s);
  const auto layer = std::make_shared<op::v0::MatMul>(scaled, normal_constant({4, 4}, 2, "w"));
  const auto again = std::make_shared<op::v1::Multiply>(layer, s);
  const Graph graph = load_ir(model_of(again, {x}));
  EXPECT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.elementwise.size(), 2u);
  EXPECT_EQ(graph.other_parameters, 4u);
  EXPECT_EQ(graph.other_bytes, 16u);
  const auto sizes = count_sizes(graph, {});
  ASSERT_TRUE(sizes.ok());
  EXPECT_TRUE(sizes->products.empty());
}

TEST(Elementwise, InABody) {
  const auto x = parameter({-1, 8}), choice = parameter({}, "choice", ov::element::boolean);
  const auto branch = [](const std::string& name) {
    const auto in = parameter({-1, 8}, "in");
    const auto scaled = std::make_shared<op::v1::Multiply>(in, normal_constant({8}, 1, name));
    scaled->set_friendly_name("scale_" + name);
    return test::Branch(in, scaled);
  };
  const auto node = test::if_of(choice, x, branch("a"), branch("b"));
  node->set_friendly_name("if");
  const Graph graph = load_ir(model_of(node->output(0), {x, choice}));
  ASSERT_EQ(graph.elementwise.size(), 2u);
  EXPECT_EQ(graph.elementwise[0].name, "if/scale_a");
  EXPECT_EQ(graph.elementwise[1].name, "if/scale_b");
  EXPECT_EQ(graph.elementwise[0].reason, "in the body of 'if' (If)");
  EXPECT_EQ(graph.other_parameters, 16u);
}

}  // namespace
}  // namespace posittune::model
