#include "posittune/exporter/onnx_readers.h"

#include <gtest/gtest.h>

#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

onnx::ModelProto tied() {
  onnx::ModelProto model = test::model_of(17, {2, 3});
  test::add_floats(model, "w", {3, 3}, std::vector<float>(9, 1));
  test::add_node(model, "Transpose", "turn", {"w"}, "wt");
  test::add_node(model, "Identity", "", {"wt"}, "same");
  test::add_node(model, "MatMul", "product", {"x", "same"}, "a");
  test::add_node(model, "MatMul", "", {"a", "w"}, "y");
  return model;
}

TEST(OnnxNodes, AreFoundByNameOrFirstOutput) {
  const onnx::ModelProto model = tied();
  const OnnxNodes nodes(model.graph());
  EXPECT_EQ(*nodes.layer("product"), 2);
  EXPECT_EQ(*nodes.layer("y"), 3);
  const auto none = nodes.layer("none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(*nodes.weight("w"), "w");
  EXPECT_EQ(*nodes.weight("turn"), "wt");
  EXPECT_FALSE(nodes.weight("none"));
}

TEST(OnnxNodes, TwoOfOneNameAreRefused) {
  onnx::ModelProto model = tied();
  model.mutable_graph()->mutable_node(3)->set_name("product");
  EXPECT_FALSE(OnnxNodes(model.graph()).layer("product"));
}

TEST(OnnxNodes, TypesAreDeclaredOrFollowed) {
  onnx::ModelProto model = tied();
  model.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::FLOAT16);
  const OnnxNodes nodes(model.graph());
  EXPECT_EQ(nodes.element_type("same"), onnx::TensorProto::FLOAT16);
  EXPECT_EQ(nodes.element_type("x"), onnx::TensorProto::FLOAT);
  EXPECT_EQ(nodes.element_type("none"), onnx::TensorProto::FLOAT);
}

TEST(OnnxNodes, UsesGoThroughNodesThatKeepValues) {
  const onnx::ModelProto model = tied();
  const OnnxNodes nodes(model.graph());
  const auto found = uses(nodes, "w");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].node, 2);
  EXPECT_EQ(found[0].input, 1);
  EXPECT_EQ(found[0].through, (std::vector<int>{1, 0}));
  EXPECT_EQ(found[1].node, 3);
  EXPECT_TRUE(found[1].through.empty());
}

}  // namespace
}  // namespace posittune::exporter
