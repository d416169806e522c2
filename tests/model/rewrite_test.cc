// Rewritten models give what OpenVINO gives for the original.

#include "posittune/model/rewrite.h"

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
using test::normal_tensor;
using test::parameter;

void expect_same_outputs(const std::shared_ptr<ov::Model>& model, const Tensors& inputs) {
  const Graph graph = load_ir(model);
  const Tensors expected = test::run_plain(model, inputs),
                found = test::run_plain(graph.ov_model, inputs);
  ASSERT_EQ(found.size(), 1u);
  ASSERT_TRUE(found.contains("y"));
  EXPECT_LT(test::relative_difference(found.at("y"), expected.at("y")), 1e-5);
}

TEST(Rewrite, EinsumThatIsOneProduct) {
  struct Case {
    const char* equation;
    ov::PartialShape x;
    ov::Shape w;
    std::size_t rows, cols;
    bool constant_first = false;
  };
  for (const Case& each :
       {Case{"bte,ehd->bthd", {-1, -1, 8}, {8, 2, 6}, 12, 8},
        Case{"bthd,hde->bte", {-1, -1, 2, 6}, {2, 6, 8}, 8, 12},
        Case{"bte,e->bt", {-1, -1, 8}, {8}, 1, 8}, Case{"bet,oe->bot", {-1, 8, -1}, {5, 8}, 5, 8},
        Case{"dhe,bted->ehbt", {-1, -1, 6, 8}, {8, 2, 6}, 0, 0, true},
        Case{"hde,bhtd->bte", {-1, 2, -1, 6}, {2, 6, 8}, 8, 12, true}}) {
    const auto x = parameter(each.x);
    const auto w = normal_constant(each.w, 1);
    const auto node = std::make_shared<op::v7::Einsum>(
        each.constant_first ? ov::OutputVector{w, x} : ov::OutputVector{x, w}, each.equation);
    node->set_friendly_name("product");
    const auto model = model_of(node, {x});
    const Graph graph = load_ir(model);
    TensorShape shape;
    for (const auto& dim : each.x)
      shape.push_back(dim.is_static() ? static_cast<std::size_t>(dim.get_length())
                                      : 3 + shape.size());
    expect_same_outputs(model, {{"x", normal_tensor(shape, 2)}});
    if (each.rows == 0) {  // e is in both and stays: a batch
      EXPECT_TRUE(graph.layers.empty()) << each.equation;
      EXPECT_NE(to_text(graph.products.at(0)).find(each.equation), std::string::npos);
      continue;
    }
    ASSERT_EQ(graph.layers.size(), 1u) << each.equation;
    EXPECT_TRUE(graph.products.empty());
    EXPECT_EQ(graph.layers[0].name, "product");
    EXPECT_EQ(graph.weights[0].name, "w");
    EXPECT_EQ(graph.weights[0].rows, each.rows) << each.equation;
    EXPECT_EQ(graph.weights[0].cols, each.cols) << each.equation;
  }
}

TEST(Rewrite, OtherEinsumsStay) {
  struct Case {
    const char* equation;
    ov::PartialShape x;
    ov::Shape w;
  };
  // Sums of x alone, diagonals, ellipses, outer products, sizes that may be broadcast.
  for (const Case& each :
       {Case{"bte,eo->bo", {2, 3, 8}, {8, 4}}, Case{"tte,eo->to", {3, 3, 8}, {8, 4}},
        Case{"...e,eo->...o", {2, 3, 8}, {8, 4}}, Case{"bt,o->bto", {2, 3}, {4}},
        Case{"be,eo->bo", {-1, -1}, {8, 4}}, Case{"e,eo->o", {8}, {8, 4}}}) {
    const auto x = parameter(each.x);
    const auto model = model_of(std::make_shared<op::v7::Einsum>(
                                    ov::OutputVector{x, normal_constant(each.w, 1)}, each.equation),
                                {x});
    const Graph graph = load_ir(model);
    EXPECT_TRUE(graph.layers.empty()) << each.equation;
    EXPECT_EQ(graph.products.size(), 1u) << each.equation;
  }
}

TEST(Rewrite, MatMulWithAVector) {
  const auto x = parameter({-1, -1, 8});
  const auto model = model_of(std::make_shared<op::v0::MatMul>(x, normal_constant({8}, 1)), {x});
  expect_same_outputs(model, {{"x", normal_tensor({2, 5, 8}, 2)}});
  const Graph graph = load_ir(model);
  ASSERT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.weights[0].rows, 1u);
  EXPECT_EQ(graph.weights[0].cols, 8u);
}

TEST(Rewrite, AttentionInOneNode) {
  const Tensors inputs = {{"q", normal_tensor({2, 3, 5, 8}, 1)},
                          {"k", normal_tensor({2, 3, 7, 8}, 2)},
                          {"v", normal_tensor({2, 3, 7, 4}, 3)}};
  for (const bool causal : {false, true}) {
    for (const bool open : {false, true}) {
      for (const int extra : {0, 1, 2}) {
        const auto shape = [&](std::int64_t length, std::int64_t width) {
          return open ? ov::PartialShape{-1, 3, -1, -1} : ov::PartialShape{-1, 3, length, width};
        };
        const auto q = parameter(shape(5, 8), "q"), k = parameter(shape(7, 8), "k"),
                   v = parameter(shape(7, 4), "v");
        ov::OutputVector all = {q, k, v};
        if (extra > 0) all.push_back(normal_constant({5, 7}, 4, "mask"));
        if (extra > 1) all.push_back(test::constant({}, {0.7F}, "scale"));
        const auto node = std::make_shared<op::v13::ScaledDotProductAttention>(all, causal);
        node->set_friendly_name("attention");
        const auto model = model_of(node, {q, k, v});
        expect_same_outputs(model, inputs);
        const Graph graph = load_ir(model);
        ASSERT_EQ(graph.layers.size(), 2u);
        EXPECT_EQ(graph.layers[0].name, "attention/scores");
        EXPECT_EQ(graph.layers[1].name, "attention/values");
        EXPECT_EQ(graph.layers[0].kind->name, "Attention");
        EXPECT_TRUE(graph.products.empty());
      }
    }
  }
}

TEST(Rewrite, AttentionWithAMaskOfFlags) {
  const auto q = parameter({-1, 2, 5, 8}, "q");
  std::vector<char> flags(25);
  for (std::size_t i = 0; i < flags.size(); ++i) flags[i] = i % 3 != 1;
  const auto mask =
      std::make_shared<op::v0::Constant>(ov::element::boolean, ov::Shape{5, 5}, flags.data());
  const auto model = model_of(
      std::make_shared<op::v13::ScaledDotProductAttention>(ov::OutputVector{q, q, q, mask}, false),
      {q});
  expect_same_outputs(model, {{"q", normal_tensor({2, 2, 5, 8}, 1)}});
}

TEST(Rewrite, AttentionOfOtherRanksStaysAndIsCounted) {
  const auto q = parameter({2, 3, 5, 8}, "q"), k = parameter({3, 7, 8}, "k"),
             v = parameter({3, 7, 4}, "v");
  const auto node =
      std::make_shared<op::v13::ScaledDotProductAttention>(ov::OutputVector{q, k, v}, false);
  const Graph graph = load_ir(model_of(node, {q, k, v}));
  ASSERT_EQ(graph.products.size(), 1u);
  EXPECT_TRUE(graph.products[0].constants.empty());
  const auto sizes = count_sizes(graph, {});
  ASSERT_TRUE(sizes.ok());
  EXPECT_EQ(sizes->products[0].macs, 2u * 3 * 5 * 7 * (8 + 4));
}

}  // namespace
}  // namespace posittune::model
