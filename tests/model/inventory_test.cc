// What is no layer and multiplies all the same: counted by hand.

#include "posittune/model/inventory.h"

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

// The sizes of the only product.
LayerSizes only_product(const Graph& graph, const std::map<std::string, TensorShape>& shapes) {
  EXPECT_EQ(graph.products.size(), 1u);
  const auto sizes = count_sizes(graph, shapes);
  if (sizes && sizes->products.size() == 1) return sizes->products[0];
  ADD_FAILURE() << (sizes ? "no product" : sizes.error().message());
  return {};
}

void expect_sizes(const LayerSizes& sizes, std::uint64_t macs, std::uint64_t weights,
                  std::uint64_t inputs, std::uint64_t outputs) {
  EXPECT_TRUE(sizes.known);
  EXPECT_EQ(sizes.macs, macs);
  EXPECT_EQ(sizes.weights, weights);
  EXPECT_EQ(sizes.inputs, inputs);
  EXPECT_EQ(sizes.outputs, outputs);
}

// Hidden states of `directions` x 16, from zeros; of 2 items.
std::vector<ov::Output<ov::Node>> recurrent_inputs(const Node& x, std::size_t gates,
                                                   std::size_t directions, bool cell,
                                                   std::size_t biases) {
  const auto zeros = [&] {
    return constant({2, directions, 16}, std::vector<float>(2 * directions * 16), "zeros");
  };
  std::vector<ov::Output<ov::Node>> inputs = {x, zeros()};
  if (cell) inputs.push_back(zeros());
  inputs.push_back(integers({2}, {5, 5}));
  inputs.push_back(normal_constant({directions, gates * 16, 8}, 1, "W"));
  inputs.push_back(normal_constant({directions, gates * 16, 16}, 2, "R"));
  inputs.push_back(normal_constant({directions, biases * 16}, 3, "B"));
  return inputs;
}

TEST(Inventory, RecurrentLayers) {
  const auto x = parameter({2, 5, 8});
  const auto gru_in = recurrent_inputs(x, 3, 1, false, 4),
             lstm_in = recurrent_inputs(x, 4, 2, true, 4),
             rnn_in = recurrent_inputs(x, 1, 1, false, 1);
  const auto forward = op::RecurrentSequenceDirection::FORWARD;
  const Node gru = std::make_shared<op::v5::GRUSequence>(
      gru_in[0], gru_in[1], gru_in[2], gru_in[3], gru_in[4], gru_in[5], 16, forward,
      std::vector<std::string>{"sigmoid", "tanh"}, std::vector<float>{}, std::vector<float>{}, 0.F,
      true);
  const Node lstm = std::make_shared<op::v5::LSTMSequence>(
      lstm_in[0], lstm_in[1], lstm_in[2], lstm_in[3], lstm_in[4], lstm_in[5], lstm_in[6], 16,
      op::RecurrentSequenceDirection::BIDIRECTIONAL);
  const Node rnn = std::make_shared<op::v5::RNNSequence>(rnn_in[0], rnn_in[1], rnn_in[2], rnn_in[3],
                                                         rnn_in[4], rnn_in[5], 16, forward);
  const Node cell = std::make_shared<op::v3::GRUCell>(parameter({2, 8}), parameter({2, 16}),
                                                      normal_constant({48, 8}, 4, "W"),
                                                      normal_constant({48, 16}, 5, "R"), 16);
  for (const auto& [node, gates, directions] :
       {std::tuple(gru, 3, 1), std::tuple(lstm, 4, 2), std::tuple(rnn, 1, 1)}) {
    const Graph graph = load_ir(model_of(node->output(0), {x}));
    const std::uint64_t weights = static_cast<std::uint64_t>(directions * gates * 16 * (8 + 16));
    expect_sizes(only_product(graph, {}), 2 * 5 * weights, weights,
                 2 * 5 * 8 + static_cast<std::uint64_t>(2 * 5 * directions * 16),
                 static_cast<std::uint64_t>(2 * 5 * directions * 16));
    EXPECT_EQ(graph.products[0].constants, (std::vector<std::string>{"W", "R"}));
    EXPECT_EQ(graph.products[0].elements, weights);
    EXPECT_EQ(graph.products[0].bytes, 4 * weights);
    EXPECT_NE(to_text(graph.products[0]).find("recurrent"), std::string::npos);
    // Biases and first states, too.
    EXPECT_GT(graph.other_parameters, weights);
    EXPECT_EQ(graph.other_bytes, 4 * graph.other_parameters);
  }
  const auto* typed = ov::as_type<op::v3::GRUCell>(cell.get());
  const Graph graph = load_ir(model_of(
      cell->output(0), {ov::as_type_ptr<op::v0::Parameter>(typed->get_input_node_shared_ptr(0)),
                        ov::as_type_ptr<op::v0::Parameter>(typed->get_input_node_shared_ptr(1))}));
  expect_sizes(only_product(graph, {}), 2 * 48 * 24, 48 * 24, 2 * 8 + 2 * 16, 2 * 16);
}

// a (2, 3) x b (3, 4) x c (4, 5), from the left.
TEST(Inventory, Einsum) {
  const auto x = parameter({-1, 3}), y = parameter({3, 4}, "b");
  const auto chain = std::make_shared<op::v7::Einsum>(
      ov::OutputVector{x, y, normal_constant({4, 5}, 1)}, "ij,jk,kl->il");
  expect_sizes(only_product(load_ir(model_of(chain, {x, y})), {{"x", {2, 3}}}),
               2 * 3 * 4 + 2 * 4 * 5, 20, 6 + 12, 10);
  const auto p = parameter({-1, -1, 3}), q = parameter({-1, 3}, "q");
  const auto batch = std::make_shared<op::v7::Einsum>(ov::OutputVector{p, q}, "...k,...k->...");
  const Graph graph = load_ir(model_of(batch, {p, q}));
  expect_sizes(only_product(graph, {{"x", {7, 2, 3}}, {"q", {2, 3}}}), 7 * 2 * 3, 0, 42 + 6, 14);
  EXPECT_TRUE(graph.products[0].constants.empty());
  // Of one operand: nothing is multiplied.
  const auto trace = std::make_shared<op::v7::Einsum>(ov::OutputVector{x}, "ij->ji");
  EXPECT_TRUE(load_ir(model_of(trace, {x})).products.empty());
}

// h <- h w, three times or as often as the outputs say.
std::shared_ptr<op::v5::Loop> loop_of(const Node& x, const Node& times, const Node& go_on,
                                      const std::shared_ptr<op::v0::Parameter>& h, const Node& next,
                                      const Node& body_condition) {
  const auto loop = std::make_shared<op::v5::Loop>(times, go_on);
  loop->set_friendly_name("loop");
  loop->set_function(
      std::make_shared<ov::Model>(ov::OutputVector{body_condition, next}, ov::ParameterVector{h}));
  loop->set_special_body_ports({-1, 0});
  loop->set_merged_input(h, x, next);
  loop->get_iter_value(next);
  return loop;
}

TEST(Inventory, BodiesOfLoops) {
  const auto always = [] { return op::v0::Constant::create(ov::element::boolean, {1}, {true}); };
  const auto x = parameter({-1, 8}), h = parameter({-1, 8}, "h");
  const auto inner = std::make_shared<op::v0::MatMul>(h, normal_constant({8, 8}, 1, "w"));
  inner->set_friendly_name("mm");
  const auto loop = loop_of(x, integers({}, {3}), always(), h, inner, always());
  const auto last =
      std::make_shared<op::v0::MatMul>(loop->output(0), normal_constant({8, 4}, 2, "v"));
  const Graph graph = load_ir(model_of(last, {x}));
  ASSERT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.other_parameters, 64u);
  expect_sizes(only_product(graph, {{"x", {2, 8}}}), 3 * 2 * 64, 64, 3 * 16, 3 * 16);
  EXPECT_EQ(graph.products[0].name, "loop/mm");
  EXPECT_EQ(graph.products[0].reason, "in the body of 'loop' (Loop)");
}

TEST(Inventory, LoopsOfUnknownLengthCountOneIteration) {
  const auto x = parameter({-1, 8}), h = parameter({-1, 8}, "h"),
             times = parameter({}, "times", ov::element::i64);
  const auto inner = std::make_shared<op::v0::MatMul>(h, normal_constant({8, 8}, 1, "w"));
  const auto always = [] { return op::v0::Constant::create(ov::element::boolean, {1}, {true}); };
  const auto loop = loop_of(x, times, always(), h, inner, always());
  const LayerSizes sizes =
      only_product(load_ir(model_of(loop->output(0), {x, times})), {{"x", {1, 8}}});
  EXPECT_EQ(sizes.macs, 64u);
  EXPECT_NE(sizes.note.find("one iteration"), std::string::npos) << sizes.note;
}

// As Scan is read: a step for each slice of x; the weight comes from outside.
TEST(Inventory, SlicesAndWeightsFromOutside) {
  const auto x = parameter({-1, -1, 8}), step = parameter({-1, 1, 8}, "step"),
             w = parameter({8, 6}, "body_w");
  const auto inner = std::make_shared<op::v0::MatMul>(step, w);
  const auto iterator = std::make_shared<op::v0::TensorIterator>();
  iterator->set_friendly_name("scan");
  iterator->set_function(
      std::make_shared<ov::Model>(ov::OutputVector{inner}, ov::ParameterVector{step, w}));
  iterator->set_sliced_input(step, x, 0, 1, 1, -1, 1);
  iterator->set_invariant_input(w, normal_constant({8, 6}, 1, "outer_w"));
  iterator->get_concatenated_slices(inner, 0, 1, 1, -1, 1);
  const Graph graph = load_ir(model_of(iterator->output(0), {x}));
  expect_sizes(only_product(graph, {{"x", {2, 5, 8}}}), 5 * 2 * 48, 48, 5 * 16, 5 * 12);
  EXPECT_EQ(graph.products[0].constants, std::vector<std::string>{"outer_w"});
  EXPECT_EQ(graph.other_parameters, 48u);
}

TEST(Inventory, TheLargerBranchCounts) {
  const auto x = parameter({-1, 8}), choice = parameter({}, "choice", ov::element::boolean);
  const auto branch = [](std::size_t width, unsigned seed) {
    const auto in = parameter({-1, 8}, "in");
    const auto first = std::make_shared<op::v0::MatMul>(in, normal_constant({8, width}, seed, "a"));
    const auto second =
        std::make_shared<op::v0::MatMul>(first, normal_constant({width, 4}, seed + 1, "b"));
    return test::Branch(in, second);
  };
  const auto node = test::if_of(choice, x, branch(2, 1), branch(16, 3));
  const Graph graph = load_ir(model_of(node->output(0), {x, choice}));
  ASSERT_EQ(graph.products.size(), 4u);
  const auto sizes = count_sizes(graph, {{"x", {3, 8}}});
  ASSERT_TRUE(sizes.ok());
  std::uint64_t macs = 0;
  for (const LayerSizes& each : sizes->products) macs += each.macs;
  EXPECT_EQ(macs, 3u * 16 * 12);
  EXPECT_EQ(graph.other_parameters, 2u * 12 + 16 * 12);  // all are stored
}

// A weight that a layer has, captured by a body: the file stores it once.
TEST(Inventory, TensorsThatABodySharesCountOnce) {
  const auto x = parameter({-1, 8}), choice = parameter({}, "choice", ov::element::boolean);
  const auto layer = std::make_shared<op::v0::MatMul>(x, normal_constant({8, 8}, 1, "w"));
  const auto body = [] {
    const auto in = parameter({-1, 8}, "in");
    return test::Branch(
        in, std::make_shared<op::v0::MatMul>(in, normal_constant({8, 8}, 1, "w"))->output(0));
  };
  const auto node = test::if_of(choice, layer, body(), body());
  const Graph graph = load_ir(model_of(node->output(0), {x, choice}));
  EXPECT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.products.size(), 2u);
  EXPECT_EQ(graph.other_parameters, 0u);
}

TEST(Inventory, DeformableConvolutions) {
  const auto x = parameter({-1, 4, 6, 6}), offsets = parameter({-1, 18, 4, 4}, "offsets");
  const ov::Strides one = {1, 1};
  const ov::CoordinateDiff none = {0, 0};
  const auto node = std::make_shared<op::v8::DeformableConvolution>(
      x, offsets, normal_constant({5, 4, 3, 3}, 1), one, none, none, one);
  const LayerSizes sizes = only_product(load_ir(model_of(node, {x, offsets})), {});
  expect_sizes(sizes, 5 * 16 * 36, 5 * 36, 4 * 36, 5 * 16);
}

TEST(Inventory, GroupsOfMatrices) {
  const auto a = parameter({3, -1, 8});
  const auto groups = std::make_shared<op::v17::GroupedMatMul>(a, normal_constant({3, 5, 8}, 1));
  const Graph graph = load_ir(model_of(groups, {a}));
  expect_sizes(only_product(graph, {{"x", {3, 7, 8}}}), 3 * 7 * 5 * 8, 3 * 5 * 8, 3 * 7 * 8,
               3 * 7 * 5);
  EXPECT_EQ(graph.products[0].constants, std::vector<std::string>{"w"});
  const auto rows = parameter({-1, 8});
  const auto parted = std::make_shared<op::v17::GroupedMatMul>(rows, normal_constant({3, 5, 8}, 1),
                                                               integers({3}, {2, 4, 7}));
  expect_sizes(only_product(load_ir(model_of(parted, {rows})), {{"x", {7, 8}}}), 7 * 5 * 8,
               3 * 5 * 8, 7 * 8, 7 * 5);
}

// Reads the rows that it looks up; multiplies where each row has a factor.
TEST(Inventory, SumsOfEmbeddings) {
  const auto ids = parameter({-1, 3}, "ids", ov::element::i64), factors = parameter({-1, 3}, "f");
  const auto flat = parameter({-1}, "flat", ov::element::i64);
  const auto table = [] { return normal_constant({50, 8}, 1, "table"); };
  const auto sum = std::make_shared<op::v3::EmbeddingBagPackedSum>(table(), ids);
  const Graph graph = load_ir(model_of(sum, {ids}));
  expect_sizes(only_product(graph, {{"ids", {2, 3}}}), 0, 2 * 3 * 8, 0, 2 * 8);
  EXPECT_EQ(graph.products[0].constants, std::vector<std::string>{"table"});
  EXPECT_EQ(graph.products[0].bytes, 4u * 50 * 8);
  const auto weighted = std::make_shared<op::v15::EmbeddingBagPacked>(
      table(), ids, factors, op::util::EmbeddingBagPackedBase::Reduction::SUM);
  expect_sizes(
      only_product(load_ir(model_of(weighted, {ids, factors})), {{"ids", {2, 3}}, {"f", {2, 3}}}),
      2 * 3 * 8, 2 * 3 * 8, 2 * 3, 2 * 8);
  const auto offsets =
      std::make_shared<op::v3::EmbeddingBagOffsetsSum>(table(), flat, integers({2}, {0, 2}));
  expect_sizes(only_product(load_ir(model_of(offsets, {flat})), {{"flat", {5}}}), 0, 5 * 8, 0,
               2 * 8);
  const auto segments = std::make_shared<op::v3::EmbeddingSegmentsSum>(
      table(), flat, integers({5}, {0, 0, 1, 1, 1}), integers({}, {2}), integers({}, {0}),
      normal_constant({5}, 2, "factors"));
  expect_sizes(only_product(load_ir(model_of(segments, {flat})), {{"flat", {5}}}), 5 * 8, 5 * 8 + 5,
               0, 2 * 8);
}

TEST(Inventory, ShapesThatDependOnDataAreNotKnown) {
  const auto x = parameter({-1, 4});
  const auto places = std::make_shared<op::v0::Convert>(
      std::make_shared<op::v3::NonZero>(x, ov::element::i64), ov::element::f32);
  const auto product = std::make_shared<op::v0::MatMul>(normal_constant({3, 2}, 1), places);
  const LayerSizes sizes = only_product(load_ir(model_of(product, {x})), {{"x", {2, 4}}});
  EXPECT_FALSE(sizes.known);
  EXPECT_EQ(sizes.macs + sizes.inputs + sizes.outputs + sizes.weights, 0u);
}

}  // namespace
}  // namespace posittune::model
