#include "posittune/model/run_inputs.h"

#include <gtest/gtest.h>

#include <memory>
#include <openvino/core/graph_util.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>

#include "posittune/model/graph.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

Graph load_with(const std::shared_ptr<ov::Model>& model, const Tensors& constants,
                const std::map<std::string, std::size_t>& axes = {}) {
  const TemporaryFolder folder;
  ov::serialize(model, folder.file("model.xml"), folder.file("model.bin"));
  auto graph = load(
      folder.file("model.xml"),
      {.batch_axes = axes, .constants = [&](const auto&) -> Result<Tensors> { return constants; }});
  if (!graph) ADD_FAILURE() << graph.error().message();
  return graph ? std::move(*graph) : Graph{};
}

// x W as ever; an embedding of a given id is computed once; x G by a given matrix has no weight.
TEST(RunInputs, ConstantsAreNoWeightsAndNoSize) {
  const auto x = test::parameter({-1, 2}, "x"), g = test::parameter({2, 2}, "g"),
             id = test::parameter({1}, "id", ov::element::i64);
  const auto axis = test::integers({}, {0});
  const auto plain =
      std::make_shared<ov::op::v0::MatMul>(x, test::constant({2, 2}, {1, 2, 3, 4}, "w"));
  const auto given = std::make_shared<ov::op::v0::MatMul>(plain, g);
  const auto row = std::make_shared<ov::op::v8::Gather>(
      test::constant({3, 2}, {1, 2, 3, 4, 5, 6}, "table"), id, axis);
  const auto product = std::make_shared<ov::op::v1::Multiply>(given, row);
  const Graph graph = load_with(
      test::model_of(product, {x, g, id}),
      {{"g", test::float_tensor({2, 2}, {1, 0, 0, 1})}, {"id", test::index_tensor({1}, {2})}});
  ASSERT_EQ(graph.inputs.size(), 1u);
  ASSERT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(graph.weights[0].name, "w");
  EXPECT_EQ(graph.other_parameters, 6u);  // the table
  const Tensors y = test::run_plain(graph.ov_model, {{"x", test::float_tensor({1, 2}, {1, 1})}});
  EXPECT_EQ(y.begin()->second.as<float>()[0], 20);  // (1 + 3) * 5
  EXPECT_EQ(y.begin()->second.as<float>()[1], 36);
}

TEST(RunInputs, ItemsComeFirst) {
  const auto x = test::parameter({-1, 4, 2}, "x");
  const auto y = std::make_shared<ov::op::v0::MatMul>(x, test::constant({2, 2}, {1, 0, 0, 1}, "w"));
  const Graph graph = load_with(test::model_of(y, {x}), {}, {{"x", 2}, {"y", 1}});
  EXPECT_EQ(graph.inputs[0].dims, (std::vector<std::int64_t>{2, -1, 4}));
  EXPECT_EQ(graph.outputs[0].dims, (std::vector<std::int64_t>{4, -1, 2}));
  EXPECT_EQ(graph.outputs[0].name, "y");
}

}  // namespace
}  // namespace posittune::model
