#include "posittune/exporter/onnx_graph.h"

#include <gtest/gtest.h>

#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

onnx::ModelProto chain() {
  onnx::ModelProto model = test::model_of(17, {2});
  test::add_floats(model, "w", {1}, {3});
  test::add_node(model, "Mul", "first", {"x", "w"}, "a");
  test::add_node(model, "Add", "second", {"a", "w"}, "y");
  test::add_output(model, "y");
  return model;
}

std::vector<std::string> ops(const onnx::ModelProto& model) {
  std::vector<std::string> kinds;
  for (const auto& node : model.graph().node()) kinds.push_back(node.op_type());
  return kinds;
}

TEST(OnnxGraph, PutsNodesInTheirPlaces) {
  onnx::ModelProto model = chain();
  OnnxGraph graph(model);
  EXPECT_EQ(graph.opset(), 17);
  graph.go_before(1);
  const std::string doubled = graph.add("Add", {"a", "a"});
  model.mutable_graph()->mutable_node(1)->set_input(0, doubled);
  graph.go_behind(1);
  model.mutable_graph()->mutable_node(1)->set_output(0, graph.free_name());
  graph.add("Neg", {model.graph().node(1).output(0)}, {}, "y");
  graph.finish();
  EXPECT_EQ(ops(model), (std::vector<std::string>{"Mul", "Add", "Add", "Neg"}));
  EXPECT_EQ(test::run(model, {2}, {1, 2}), (std::vector<float>{-9, -15}));
}

TEST(OnnxGraph, NamesAreNew) {
  onnx::ModelProto model = chain();
  test::add_node(model, "Identity", "posittune/l/Neg", {"x"}, "posittune/l/Neg_2");
  OnnxGraph graph(model);
  graph.set_scope("l");
  EXPECT_EQ(graph.add("Neg", {"x"}), "posittune/l/Neg_3");
  EXPECT_EQ(graph.add("Neg", {"x"}), "posittune/l/Neg_4");
}

TEST(OnnxGraph, EqualConstantsAreStoredOnce) {
  onnx::ModelProto model = chain();
  OnnxGraph graph(model);
  const std::string one = graph.scalar(1), other = graph.scalar(2);
  EXPECT_EQ(graph.scalar(1), one);
  EXPECT_NE(other, one);
  EXPECT_EQ(graph.stored_bytes(), 8U);
  const std::vector<float> values = {1};
  EXPECT_NE(graph.constant("v", std::span<const float>(values), {1}), one);  // another shape
}

TEST(OnnxGraph, DropsWhatNothingReadsAnyMore) {
  onnx::ModelProto model = chain();
  test::add_floats(model, "never_read", {1}, {1});
  test::add_floats(model, "only_of_a", {1}, {1});
  test::add_node(model, "Neg", "third", {"only_of_a"}, "b");
  test::add_node(model, "Mul", "fourth", {"b", "x"}, "c");
  test::add_output(model, "c");
  OnnxGraph graph(model);
  // c is computed in another way: "third" and its constant go.
  model.mutable_graph()->mutable_node(3)->set_input(0, "w");
  graph.finish();
  EXPECT_EQ(ops(model), (std::vector<std::string>{"Mul", "Add", "Mul"}));
  std::vector<std::string> kept;
  for (const auto& tensor : model.graph().initializer()) kept.push_back(tensor.name());
  EXPECT_EQ(kept, (std::vector<std::string>{"w", "never_read"}));
}

TEST(OnnxGraph, BodiesReadNamesFromOutside) {
  onnx::ModelProto model = chain();
  onnx::NodeProto& loop = test::add_node(model, "If", "if", {"condition"}, "z");
  auto& attribute = *loop.add_attribute();
  attribute.set_name("then_branch");
  auto& body = *attribute.mutable_g();
  auto& inner = *body.add_node();
  inner.set_op_type("Identity");
  inner.add_input("w");
  inner.add_output("inside");
  body.add_output()->set_name("inside");
  const auto names = reads(loop);
  EXPECT_TRUE(names.contains("w"));
  EXPECT_TRUE(names.contains("condition"));
}

TEST(OnnxGraph, FormsFollowTheOpset) {
  for (const std::int64_t opset : {11, 13, 17, 18, 21}) {
    onnx::ModelProto model = test::model_of(opset, {2, 3});
    OnnxGraph graph(model);
    graph.add("Mul", {graph.reduce("ReduceMax", "x", {-1}), graph.reduce("ReduceMean", "x", {-1})},
              {}, "y");
    test::add_output(model, "y");
    graph.finish();
    EXPECT_EQ(test::run(model, {2, 3}, {1, 2, 3, 4, 5, 6}), (std::vector<float>{6, 30})) << opset;
  }
}

TEST(OnnxGraph, RenamesTheLastNode) {
  onnx::ModelProto model = test::model_of(17, {1});
  OnnxGraph graph(model);
  const std::string made = graph.add("Neg", {"x"});
  graph.describe("a note");
  EXPECT_EQ(graph.rename(made, "y"), "y");
  EXPECT_EQ(graph.rename("x", "z"), "z");  // nothing of ours: copied
  test::add_output(model, "y");
  test::add_output(model, "z");
  graph.finish();
  EXPECT_EQ(ops(model), (std::vector<std::string>{"Neg", "Identity"}));
  EXPECT_EQ(model.graph().node(0).doc_string(), "a note");
}

}  // namespace
}  // namespace posittune::exporter
