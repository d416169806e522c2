#include "posittune/model/output_end.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;

using Node = std::shared_ptr<ov::Node>;

Ending ending(const Node& end, const std::shared_ptr<op::v0::Parameter>& x) {
  const Graph graph = test::load_ir(test::model_of(end, {x}));
  return ending_of(graph, "y");
}
std::shared_ptr<op::v0::Parameter> input() { return test::parameter({-1, 6, 4}); }
Node integers(const std::vector<std::int64_t>& values) {
  return op::v0::Constant::create(ov::element::i64, {values.size()}, values);
}

TEST(OutputEnd, WhatComesLast) {
  auto x = input();
  Ending made = ending(std::make_shared<op::v8::Softmax>(x, -1), x);
  EXPECT_EQ(made.end, OutputEnd::kSoftmax);
  EXPECT_EQ(made.axis, 2U);
  x = input();
  made = ending(std::make_shared<op::v8::Softmax>(x, 1), x);
  EXPECT_EQ(made.axis, 1U);
  x = input();
  made = ending(std::make_shared<op::v5::LogSoftmax>(x, -1), x);
  EXPECT_EQ(made.end, OutputEnd::kLogSoftmax);
  x = input();
  made = ending(std::make_shared<op::v0::Sigmoid>(x), x);
  EXPECT_EQ(made.end, OutputEnd::kSigmoid);
  EXPECT_FALSE(made.axis.has_value());
  x = input();
  made = ending(std::make_shared<op::v0::Relu>(x), x);
  EXPECT_EQ(made.end, OutputEnd::kOther);
  x = input();
  const Node scaled = std::make_shared<op::v1::Multiply>(std::make_shared<op::v8::Softmax>(x, -1),
                                                         test::constant({1}, {2}, "two"));
  EXPECT_EQ(ending(scaled, x).end, OutputEnd::kOther);
}

// A reshape that keeps the last axis leaves it the last; a transpose says nothing of it.
TEST(OutputEnd, BehindWhatMovesAxes) {
  auto x = input();
  const Node flat = std::make_shared<op::v1::Reshape>(std::make_shared<op::v8::Softmax>(x, -1),
                                                      integers({-1, 4}), false);
  Ending made = ending(flat, x);
  EXPECT_EQ(made.end, OutputEnd::kSoftmax);
  EXPECT_EQ(made.axis, 1U);
  x = input();
  const Node turned = std::make_shared<op::v1::Transpose>(std::make_shared<op::v8::Softmax>(x, -1),
                                                          integers({0, 2, 1}));
  made = ending(turned, x);
  EXPECT_EQ(made.end, OutputEnd::kSoftmax);
  EXPECT_FALSE(made.axis.has_value());
}

TEST(OutputEnd, OutputsThatThereAreNot) {
  const auto x = input();
  const Graph graph = test::load_ir(test::model_of(std::make_shared<op::v8::Softmax>(x, -1), {x}));
  EXPECT_EQ(ending_of(graph, "other").end, OutputEnd::kOther);
  EXPECT_EQ(ending_of({}, "y").end, OutputEnd::kOther);
}

}  // namespace
}  // namespace posittune::model
