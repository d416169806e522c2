// Products by hand; what becomes of them in models is tested by graph_test.cc and
// inventory_test.cc.

#include "posittune/model/products.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "posittune/model/weights.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;

using Ports = std::vector<std::size_t>;

std::shared_ptr<ov::Node> product(const ov::Shape& a, const ov::Shape& b) {
  return std::make_shared<op::v0::MatMul>(test::parameter(a), test::normal_constant(b, 1));
}

TEST(Products, FactorsAndMacs) {
  const auto matmul = product({2, 3, 4}, {4, 5});
  EXPECT_EQ(factors(*matmul), (Ports{0, 1}));
  EXPECT_TRUE(is_product(*matmul));
  EXPECT_EQ(macs_of(*matmul), 2U * 3 * 4 * 5);
  EXPECT_EQ(elements_read(*matmul, 0), 24U);
  EXPECT_EQ(elements_read(*matmul, 1), 20U);
  const op::v1::Convolution convolution(
      test::parameter({1, 3, 8, 8}), test::normal_constant({6, 3, 3, 3}, 1), ov::Strides{1, 1},
      ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, ov::Strides{1, 1});
  EXPECT_EQ(macs_of(convolution), 6U * 6 * 6 * 3 * 9);
  const op::v1::Multiply elementwise(test::parameter({2, 3}), test::parameter({2, 3}));
  EXPECT_TRUE(factors(elementwise).empty());
  EXPECT_FALSE(is_product(elementwise));
}

TEST(Products, OpenShapesAreNotCounted) {
  const op::v0::MatMul open(test::parameter({-1, 4}), test::normal_constant({4, 5}, 1));
  EXPECT_FALSE(has_known_shapes(open));
  EXPECT_EQ(macs_of(open), 0U);
  EXPECT_TRUE(has_known_shapes(*product({2, 4}, {4, 5})));
}

TEST(Products, VerdictsSayTheKindOrWhyNot) {
  const auto weighted = product({2, 4}, {4, 5});
  const auto kind = verdict_on(*weighted, {weighted->get_input_node_ptr(1)});
  ASSERT_NE(kind.kind, nullptr) << kind.reason;
  EXPECT_EQ(kind.kind, layer_kind("MatMul"));
  const op::v0::MatMul activations(test::parameter({2, 3, 4}), test::parameter({2, 4, 5}));
  EXPECT_EQ(verdict_on(activations, {}).kind, layer_kind("Attention"));
  const op::v1::Convolution no_weight(test::parameter({1, 3, 8}), test::parameter({6, 3, 3}),
                                      ov::Strides{1}, ov::CoordinateDiff{0}, ov::CoordinateDiff{0},
                                      ov::Strides{1});
  EXPECT_EQ(verdict_on(no_weight, {}).kind, nullptr);
  EXPECT_FALSE(verdict_on(no_weight, {}).reason.empty());
}

TEST(Products, EightBitsBehindTheirZeroPoint) {
  const auto codes = test::parameter({2, 4}, "c", ov::element::u8);
  const auto wide = std::make_shared<op::v0::Convert>(codes, ov::element::i32);
  const auto centred = std::make_shared<op::v1::Subtract>(
      wide, op::v0::Constant::create(ov::element::i32, {1}, {128}));
  EXPECT_TRUE(comes_from_8_bits(wide));
  EXPECT_TRUE(comes_from_8_bits(centred));
  EXPECT_FALSE(comes_from_8_bits(test::parameter({2, 4})));
  EXPECT_FALSE(comes_from_8_bits(test::parameter({2, 4}, "i", ov::element::i32)));
}

}  // namespace
}  // namespace posittune::model
