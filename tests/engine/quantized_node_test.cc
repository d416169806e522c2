// One node by itself, outside of an engine; how a run fails as a whole is in faults_test.cc.

#include "posittune/engine/quantized_node.h"

#include <gtest/gtest.h>

#include <map>
#include <new>
#include <openvino/core/attribute_visitor.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/result.hpp>
#include <stdexcept>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

// y = x W^T of (items, 2), W 3 x 2; the node's output goes to a Relu.
std::shared_ptr<ov::Model> product_model() {
  const auto x = test::parameter({-1, 2});
  auto node = std::make_shared<ov::op::v0::MatMul>(x, test::constant({3, 2}, {1, 0, 0, 1, 1, 1}),
                                                   false, true);
  node->set_friendly_name("product");
  return test::model_of(std::make_shared<ov::op::v0::Relu>(node), {x});
}

// Rows of a table of 5 x 2.
std::shared_ptr<ov::Model> table_model() {
  const auto ids = test::parameter({-1}, "ids", ov::element::i64);
  auto node = std::make_shared<ov::op::v8::Gather>(test::normal_constant({5, 2}, 1), ids,
                                                   test::integers({}, {0}));
  node->set_friendly_name("table");
  return test::model_of(node, {ids});
}

std::shared_ptr<const PreparedWeight> weight(std::size_t rows, std::size_t cols,
                                             std::vector<float> values) {
  auto made = std::make_shared<PreparedWeight>();
  made->rows = rows;
  made->cols = cols;
  made->values = std::make_shared<const std::vector<float>>(std::move(values));
  return made;
}

class QuantizedNodes : public testing::Test {
 protected:
  // Replaces the only layer of a model.
  std::shared_ptr<QuantizedNode> node_of(const std::shared_ptr<ov::Model>& model) {
    graph_ = test::load_ir(model);
    const model::Layer& layer = graph_.layers.at(0);
    state_ = std::make_shared<NodeState>();
    state_->name = layer.name;
    state_->operation = make_operation(layer);
    state_->scratch = &scratch_;
    state_->failure = &failure_;
    state_->threads = 1;
    return std::dynamic_pointer_cast<QuantizedNode>(
        replace_with_quantized(layer, layer.node, state_));
  }
  static ov::TensorVector tensors(const ov::Shape& shape, const std::vector<float>& values) {
    ov::Tensor tensor(ov::element::f32, shape);
    std::copy(values.begin(), values.end(), tensor.data<float>());
    return {tensor};
  }
  // The outputs for one item, or nothing where the node fails.
  static std::vector<float> outputs(const QuantizedNode& node, const std::vector<float>& x) {
    ov::TensorVector y = tensors({1, 3}, {7, 7, 7});
    if (!node.evaluate(y, tensors({1, 2}, x))) return {};
    return {y[0].data<float>(), y[0].data<float>() + 3};
  }

  model::Graph graph_;
  Scratch scratch_;
  Failure failure_;
  std::shared_ptr<NodeState> state_;
};

TEST_F(QuantizedNodes, TakesThePlaceOfTheLayer) {
  const auto node = node_of(product_model());
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->layer(), "product");
  EXPECT_EQ(node->get_friendly_name(), "product");
  EXPECT_EQ(node->get_input_size(), 1U);  // the weight is no input any more
  EXPECT_EQ(node->get_output_partial_shape(0), (ov::PartialShape{-1, 3}));
  EXPECT_EQ(node->get_output_element_type(0), ov::element::f32);
  const auto readers = node->output(0).get_target_inputs();
  ASSERT_EQ(readers.size(), 1U);
  EXPECT_STREQ(readers.begin()->get_node()->get_type_name(), "Relu");
  for (const auto& other : graph_.ov_model->get_ops())
    EXPECT_STRNE(other->get_type_name(), "MatMul");
}

TEST_F(QuantizedNodes, ReadsItsSettingAtEachRun) {
  const auto node = node_of(product_model());
  state_->setting.weight = weight(3, 2, {1, 0, 0, 1, 1, 1});
  EXPECT_EQ(outputs(*node, {2, 3}), (std::vector<float>{2, 3, 5}));
  state_->setting.weight = weight(3, 2, {10, 0, 0, 10, 10, 10});
  EXPECT_EQ(outputs(*node, {2, 3}), (std::vector<float>{20, 30, 50}));
  state_->setting.activation[0] =
      ActivationQuantizer{.format = test::format("int2"), .scale = 1};  // to -1, 0 or 1
  EXPECT_EQ(outputs(*node, {2, 3}), (std::vector<float>{10, 10, 20}));
  state_->setting.shift = std::make_shared<const std::vector<float>>(std::vector<float>{1, 2, 3});
  EXPECT_EQ(outputs(*node, {2, 3}), (std::vector<float>{11, 12, 23}));
}

TEST_F(QuantizedNodes, CopiesShareTheState) {
  const auto node = node_of(product_model());
  const auto copy =
      std::dynamic_pointer_cast<QuantizedNode>(node->clone_with_new_inputs(node->input_values()));
  ASSERT_NE(copy, nullptr);
  state_->setting.weight = weight(3, 2, {1, 0, 0, 1, 1, 1});
  EXPECT_EQ(outputs(*copy, {2, 3}), (std::vector<float>{2, 3, 5}));
  // Sizes that are known now: the output has its whole shape.
  const auto fixed = node->clone_with_new_inputs({test::parameter({4, 2})});
  EXPECT_EQ(fixed->get_output_partial_shape(0), (ov::PartialShape{4, 3}));
}

struct Attributes : ov::AttributeVisitor {
  std::map<std::string, std::string> texts;
  void on_adapter(const std::string& name, ov::ValueAccessor<void>&) override {
    ADD_FAILURE() << name;
  }
  void on_adapter(const std::string& name, ov::ValueAccessor<std::string>& text) override {
    texts[name] = text.get();
  }
};

TEST_F(QuantizedNodes, ShowsItsLayerSoThatNoTwoAreMerged) {
  Attributes attributes;
  EXPECT_TRUE(node_of(product_model())->visit_attributes(attributes));
  EXPECT_EQ(attributes.texts, (std::map<std::string, std::string>{{"layer", "product"}}));
}

// An operation that is not there for its numbers.
struct Failing : Operation {
  std::function<Status()> fail;
  Status run(const LayerSetting&, const ov::TensorVector&, ov::Tensor&, Scratch&, int) override {
    return fail();
  }
  std::optional<ov::Shape> output_shape(const ov::Shape&) const override { return {}; }
  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {shape[0], shape[1]};
  }
};

TEST_F(QuantizedNodes, FailuresNameTheLayer) {
  const auto node = node_of(product_model());
  auto owned = std::make_unique<Failing>();
  Failing& failing = *owned;
  state_->operation = std::move(owned);
  const auto error = [&](const std::function<Status()>& fail) {
    failing.fail = fail;
    failure_.error.reset();
    EXPECT_TRUE(outputs(*node, {1, 2}).empty());
    return failure_.error.value_or(Error{.what = "no error"});
  };
  const Error own = error([]() -> Status {
    return Error{.kind = ErrorKind::kInput, .what = "wrong", .where = "position 7"};
  });
  EXPECT_EQ(own.kind, ErrorKind::kInput);
  EXPECT_EQ(own.where, "layer 'product', position 7");
  const Error memory = error([]() -> Status { throw std::bad_alloc(); });
  EXPECT_EQ(memory.kind, ErrorKind::kResource);
  EXPECT_EQ(memory.where, "layer 'product'");
  const Error thrown = error([]() -> Status { throw std::runtime_error("thrown on purpose"); });
  EXPECT_EQ(thrown.kind, ErrorKind::kInternal);
  EXPECT_EQ(thrown.found, "thrown on purpose");
}

// The first error stays, and nothing is learnt from what comes behind it.
TEST_F(QuantizedNodes, BehindAFailureANodeDoesNothing) {
  const auto node = node_of(product_model());
  state_->setting.weight = weight(3, 2, {1, 0, 0, 1, 1, 1});
  std::vector<InputStatistics> statistics(1);
  state_->observed = &statistics;
  failure_.error = Error{.what = "first", .where = "layer 'before'"};
  EXPECT_TRUE(outputs(*node, {1, 2}).empty());
  EXPECT_EQ(failure_.error->what, "first");
  EXPECT_TRUE(statistics[0].empty());
}

TEST_F(QuantizedNodes, ObservesItsInputsWhileCalibrating) {
  const auto node = node_of(product_model());
  state_->setting.weight = weight(3, 2, {1, 0, 0, 1, 1, 1});
  std::vector<InputStatistics> statistics(1);
  state_->observed = &statistics;
  ASSERT_FALSE(outputs(*node, {3, -4}).empty());
  EXPECT_EQ(statistics[0].total().count, 2U);
  EXPECT_EQ(statistics[0].mean_squares(), (std::vector<float>{9, 16}));
  state_->observed = nullptr;
  ASSERT_FALSE(outputs(*node, {100, 100}).empty());
  EXPECT_EQ(statistics[0].total().count, 2U);
}

// Negative indices count from the end, as Gather's do.
TEST_F(QuantizedNodes, CountsLookUpsOfATable) {
  const auto node = node_of(table_model());
  state_->setting.weight = weight(5, 2, std::vector<float>(10, 1));
  std::vector<std::uint64_t> uses(5);
  state_->uses = &uses;
  ov::Tensor ids(ov::element::i64, {4});
  const std::vector<std::int64_t> rows = {0, 3, -1, 3};
  std::copy(rows.begin(), rows.end(), ids.data<std::int64_t>());
  ov::TensorVector y = tensors({4, 2}, std::vector<float>(8));
  ASSERT_TRUE(node->evaluate(y, {ids}));
  EXPECT_EQ(uses, (std::vector<std::uint64_t>{1, 0, 0, 2, 1}));
}

}  // namespace
}  // namespace posittune::engine
