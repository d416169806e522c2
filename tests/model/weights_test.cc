// Constant sub-trees by hand; where they stand in models is tested by graph_test.cc.

#include "posittune/model/weights.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;

std::shared_ptr<ov::Node> transposed(const ov::Output<ov::Node>& of) {
  return std::make_shared<op::v1::Transpose>(
      of, op::v0::Constant::create(ov::element::i64, {2}, {1, 0}));
}

TEST(Weights, NodesThatDoNotDependOnInputs) {
  const auto x = test::parameter({2, 3});
  const auto w = test::constant({3, 2}, {1, 2, 3, 4, 5, 6}, "w");
  const auto turned = transposed(w);
  const auto product = std::make_shared<op::v0::MatMul>(x, turned, false, true);
  const auto model = test::model_of(product, {x});
  const auto constants = constant_nodes(*model);
  EXPECT_TRUE(constants.contains(w.get()) && constants.contains(turned.get()));
  EXPECT_FALSE(constants.contains(product.get()) || constants.contains(x.get()));
  EXPECT_TRUE(constant_nodes(*model, {x.get()}).contains(product.get()));
}

TEST(Weights, ValuesComeFromWhereTheyAreStored) {
  const auto half = op::v0::Constant::create(ov::element::f16, {3, 2}, {1, 2, 3, 4, 5, 6});
  const auto wide = std::make_shared<op::v0::Convert>(half, ov::element::f32);
  const auto turned = transposed(wide);
  EXPECT_TRUE(keeps_values(wide.get()) && keeps_values(turned.get()));
  EXPECT_EQ(weight_source(turned).get_node(), half.get());
  const auto sum = std::make_shared<op::v1::Add>(half, half);
  EXPECT_FALSE(keeps_values(sum.get()));
  EXPECT_EQ(weight_source(sum).get_node(), sum.get());
  const auto folded = fold(turned);
  ASSERT_TRUE(folded.ok()) << folded.error().message();
  EXPECT_EQ(folded->get_shape(), (ov::Shape{2, 3}));
  const float* values = folded->data<const float>();
  EXPECT_EQ(std::vector<float>(values, values + 6), (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

// Rows are output channels, whichever way the constant lies.
TEST(Weights, MatricesHaveARowForEachOutput) {
  const std::vector<float> rows = {1, 3, 5, 2, 4, 6};  // 2 outputs of 3 inputs
  for (const bool as_rows : {false, true}) {
    const auto x = test::parameter({-1, 3});
    const auto w = as_rows ? test::constant({2, 3}, rows, "w")
                           : test::constant({3, 2}, {1, 2, 3, 4, 5, 6}, "w");
    const Graph graph =
        test::load_ir(test::model_of(std::make_shared<op::v0::MatMul>(x, w, false, as_rows), {x}));
    ASSERT_EQ(graph.layers.size(), 1U);
    const MatrixShape shape = matrix_shape(graph.layers[0]);
    EXPECT_EQ(shape.rows, 2U);
    EXPECT_EQ(shape.cols, 3U);
    EXPECT_EQ(weight_input(graph.layers[0]), 1U);
    EXPECT_EQ(weight_matrix(graph.layers[0]).value(), rows);
  }
}

}  // namespace
}  // namespace posittune::model
