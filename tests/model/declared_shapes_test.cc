#include "posittune/model/declared_shapes.h"

#include <gtest/gtest.h>

#include <openvino/op/relu.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

ModelFile file(const std::map<std::string, ov::PartialShape>& declared) {
  const auto x = test::parameter({-1, 3});
  const auto relu = std::make_shared<ov::op::v0::Relu>(x);
  relu->set_friendly_name("relu");
  relu->output(0).set_names({"middle"});
  return {test::model_of(std::make_shared<ov::op::v0::Relu>(relu), {x}), declared};
}

TEST(DeclaredShapes, AContradictionNamesTheTensor) {
  const auto checked = [](const ov::PartialShape& shape) {
    return check_declared(file({{"middle", shape}}), "m.onnx");
  };
  EXPECT_TRUE(checked({-1, 3}).ok());
  EXPECT_TRUE(checked({5, 3}).ok());  // the graph leaves it open
  EXPECT_TRUE(checked({-1, -1}).ok());
  EXPECT_TRUE(checked({-1, 0}).ok());  // "any", as some exporters write it
  EXPECT_TRUE(checked(ov::PartialShape::dynamic()).ok());
  for (const ov::PartialShape& wrong : {ov::PartialShape{-1, 4}, ov::PartialShape{-1, 3, 1}}) {
    const Status refused = checked(wrong);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
    EXPECT_EQ(refused.error().where, "m.onnx, tensor 'middle' of node 'relu' (Relu)");
  }
}

TEST(DeclaredShapes, WhatIsLeftForARun) {
  const ModelFile of = file({{"y", {4, 3, -1}}, {"none", ov::PartialShape::dynamic()}});
  EXPECT_EQ(declared_dims(of, "y", {}), (std::vector<std::int64_t>{-1, 3, -1}));
  // Its items are axis 1 of the file and axis 0 of what is returned.
  EXPECT_EQ(declared_dims(of, "y", {{"y", 1}}), (std::vector<std::int64_t>{-1, 4, -1}));
  EXPECT_TRUE(declared_dims(of, "y", {{"y", 3}}).empty());
  EXPECT_TRUE(declared_dims(of, "none", {}).empty());
  EXPECT_TRUE(declared_dims(of, "other", {}).empty());
}

TEST(DeclaredShapes, OutputsThatRan) {
  Graph graph;
  graph.path = "m.onnx";
  graph.declared = {{"y", {-1, 3}}};
  const auto checked = [&](const TensorShape& shape) {
    return check_declared(graph, {{"y", Tensor::zeros(ElementType::kF32, shape)}});
  };
  EXPECT_TRUE(checked({7, 3}).ok());
  EXPECT_TRUE(check_declared(graph, {}).ok());
  const Status refused = checked({7, 4});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().where, "m.onnx, output 'y'");
  EXPECT_EQ(refused.error().found, "(7, 4)");
  EXPECT_FALSE(checked({7}).ok());
}

}  // namespace
}  // namespace posittune::model
