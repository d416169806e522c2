// Convolutions of every shape through the engine, against OpenVINO's own.

#include <gtest/gtest.h>

#include <algorithm>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using ov::op::PadType;
using test::normal_tensor;
using test::relative_difference;

// 2^-24 a product, 300 products and more, of which many cancel: 1e-5 of the
// largest output.
constexpr double kSummationOrder = 1e-5;

struct Case {
  const char* name;
  bool transposed;
  std::size_t groups;   // 0: a node without groups
  std::size_t in, out;  // channels
  ov::Shape kernel;
  ov::Strides strides, dilations;
  ov::CoordinateDiff begin, end;
  PadType pad = PadType::EXPLICIT;
  ov::CoordinateDiff output_padding = {};
  std::vector<std::int64_t> sizes = {};  // of the output, as the node's third input
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"line", false, 0, 3, 5, {3}, {1}, {1}, {0}, {0}},
      {"line_of_one_channel", false, 0, 1, 5, {3}, {1}, {1}, {1}, {1}},
      {"line_strided_dilated", false, 0, 4, 20, {4}, {3}, {2}, {3}, {1}},
      {"plane", false, 0, 16, 32, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"pointwise", false, 0, 40, 33, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"pointwise_strided", false, 0, 8, 8, {1, 1}, {2, 3}, {1, 1}, {0, 0}, {0, 0}},
      {"uneven", false, 0, 3, 7, {5, 2}, {2, 1}, {1, 3}, {4, 0}, {1, 2}},
      {"same_upper", false, 0, 5, 6, {4, 3}, {1, 2}, {1, 1}, {0, 0}, {0, 0}, PadType::SAME_UPPER},
      {"same_lower", false, 0, 5, 6, {4, 2}, {2, 1}, {1, 2}, {0, 0}, {0, 0}, PadType::SAME_LOWER},
      {"same_upper_wide_stride",
       false,
       0,
       3,
       4,
       {1, 2},
       {2, 3},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::SAME_UPPER},
      {"valid_ignores_pads",
       false,
       0,
       3,
       4,
       {3, 3},
       {1, 1},
       {1, 1},
       {2, 2},
       {2, 2},
       PadType::VALID},
      {"volume", false, 0, 3, 4, {2, 3, 2}, {1, 2, 1}, {1, 1, 2}, {1, 0, 0}, {0, 1, 1}},
      {"grouped", false, 4, 8, 12, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"grouped_line", false, 2, 6, 4, {3}, {2}, {1}, {1}, {0}},
      {"one_group", false, 1, 6, 4, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"depthwise", false, 48, 48, 48, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
      {"depthwise_twofold",
       false,
       5,
       5,
       10,
       {3, 3},
       {1, 1},
       {2, 2},
       {2, 2},
       {2, 2},
       PadType::SAME_UPPER},
      {"depthwise_volume", false, 4, 4, 4, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
      {"back_line", true, 0, 3, 5, {4}, {2}, {1}, {1}, {1}},
      {"back_plane",
       true,
       0,
       16,
       8,
       {3, 3},
       {2, 2},
       {1, 1},
       {1, 1},
       {1, 1},
       PadType::EXPLICIT,
       {1, 1}},
      {"back_output_padding_no_pads",
       true,
       0,
       4,
       6,
       {2, 2},
       {3, 2},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::EXPLICIT,
       {2, 1}},
      {"back_dilated_uneven", true, 0, 4, 6, {3, 2}, {1, 2}, {2, 1}, {2, 0}, {0, 1}},
      {"back_volume", true, 0, 3, 4, {2, 2, 3}, {2, 1, 2}, {1, 1, 1}, {0, 0, 1}, {0, 1, 1}},
      {"back_valid", true, 0, 4, 3, {3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, PadType::VALID},
      {"back_same_upper",
       true,
       0,
       4,
       3,
       {3, 3},
       {2, 2},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::SAME_UPPER},
      {"back_same_lower",
       true,
       0,
       4,
       3,
       {4, 3},
       {2, 2},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::SAME_LOWER},
      {"back_grouped", true, 3, 6, 9, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
      {"back_depthwise", true, 8, 8, 8, {4, 4}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
      {"back_to_given_sizes",
       true,
       0,
       4,
       3,
       {3, 3},
       {2, 2},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::SAME_UPPER,
       {},
       {25, 18}},
      {"back_to_given_sizes_lower",
       true,
       0,
       4,
       3,
       {4, 4},
       {2, 2},
       {1, 1},
       {0, 0},
       {0, 0},
       PadType::SAME_LOWER,
       {},
       {25, 19}},
  };
  return all;
}

ov::Shape weight_shape(const Case& of) {
  const std::size_t groups = std::max<std::size_t>(1, of.groups);
  ov::Shape shape;
  if (of.groups > 0) shape.push_back(groups);
  shape.push_back((of.transposed ? of.in : of.out) / groups);
  shape.push_back((of.transposed ? of.out : of.in) / groups);
  shape.insert(shape.end(), of.kernel.begin(), of.kernel.end());
  return shape;
}

template <class Op>
std::shared_ptr<ov::Node> back(const Case& of, const ov::Output<ov::Node>& x,
                               const ov::Output<ov::Node>& w) {
  const ov::CoordinateDiff padding =
      of.output_padding.empty() ? ov::CoordinateDiff(of.kernel.size(), 0) : of.output_padding;
  if (of.sizes.empty())
    return std::make_shared<Op>(x, w, of.strides, of.begin, of.end, of.dilations, of.pad, padding);
  const auto sizes = test::integers({of.sizes.size()}, of.sizes);
  return std::make_shared<Op>(x, w, sizes, of.strides, of.begin, of.end, of.dilations, of.pad,
                              padding);
}

std::shared_ptr<ov::Model> model_of(const Case& of) {
  ov::PartialShape shape = {-1, static_cast<std::int64_t>(of.in)};
  for (std::size_t d = 0; d < of.kernel.size(); ++d) shape.push_back(-1);
  const auto x = test::parameter(shape);
  const auto w = test::normal_constant(weight_shape(of), 7);
  std::shared_ptr<ov::Node> node;
  if (of.transposed) {
    node = of.groups > 0 ? back<ov::op::v1::GroupConvolutionBackpropData>(of, x, w)
                         : back<ov::op::v1::ConvolutionBackpropData>(of, x, w);
  } else if (of.groups > 0) {
    node = std::make_shared<ov::op::v1::GroupConvolution>(x, w, of.strides, of.begin, of.end,
                                                          of.dilations, of.pad);
  } else {
    node = std::make_shared<ov::op::v1::Convolution>(x, w, of.strides, of.begin, of.end,
                                                     of.dilations, of.pad);
  }
  return test::model_of(node, {x});
}

Tensors images(const Case& of, std::size_t batch, std::size_t size) {
  TensorShape shape = {batch, of.in};
  for (std::size_t d = 0; d < of.kernel.size(); ++d) shape.push_back(size - 3 * d);
  return {{"x", normal_tensor(shape, static_cast<unsigned>(batch + size))}};
}

class Convolutions : public testing::TestWithParam<std::size_t> {};

// Batches and sizes change from run to run; batch 1 and 3 are cut in bands, 9
// is not.
TEST_P(Convolutions, EqualOpenVino) {
  const Case& of = cases()[GetParam()];
  const auto model = model_of(of);
  Engine engine = test::engine_of(test::load_ir(model));
  for (const auto& [batch, size] : std::vector<std::pair<std::size_t, std::size_t>>{
           {1, 21}, {3, 13}, {9, 13}, {1, 13}, {1, 21}}) {
    if (!of.sizes.empty() && size != 13) continue;  // fixed output
    const Tensors inputs = images(of, batch, size);
    const Tensors expected = test::run_plain(model, inputs), got = test::run(engine, inputs);
    ASSERT_TRUE(got.contains("y"));
    EXPECT_EQ(got.at("y").shape, expected.at("y").shape);
    EXPECT_LT(relative_difference(got.at("y"), expected.at("y")), kSummationOrder)
        << "batch " << batch << ", size " << size;
  }
  quant::Recipe exact;
  exact.accumulate = quant::Accumulate::kQuire;
  test::apply(engine, exact);
  EXPECT_EQ(engine.paths(), std::vector<std::string_view>{"quire"});
  const Tensors inputs = images(of, 2, 13);
  EXPECT_LT(relative_difference(test::run(engine, inputs).at("y"),
                                test::run_plain(model, inputs).at("y")),
            kSummationOrder);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Convolutions, testing::Range<std::size_t>(0, cases().size()),
                         [](const auto& each) { return std::string(cases()[each.param].name); });

TEST(Convolution, ThreadsDoNotMatter) {
  for (const char* name : {"plane", "depthwise", "grouped", "back_plane", "volume"}) {
    const auto found = std::find_if(cases().begin(), cases().end(), [&](const Case& of) {
      return std::string_view(of.name) == name;
    });
    const auto model = model_of(*found);
    std::vector<Tensors> outputs;
    for (const int threads : {1, 2, 3}) {
      Engine engine = test::engine_of(test::load_ir(model), threads);
      outputs.push_back(test::run(engine, images(*found, 2, 20)));
    }
    EXPECT_TRUE(test::same_bits(outputs[0], outputs[1])) << name;
    EXPECT_TRUE(test::same_bits(outputs[0], outputs[2])) << name;
  }
}

// An output of padding alone: sums of nothing.
TEST(Convolution, EmptyImagesAndBatches) {
  const Case of{"padded", false, 0, 2, 3, {3, 3}, {1, 1}, {1, 1}, {2, 2}, {2, 2}};
  Engine engine = test::engine_of(test::load_ir(model_of(of)));
  const Tensors none = test::run(engine, {{"x", Tensor::zeros(ElementType::kF32, {0, 2, 8, 8})}});
  EXPECT_EQ(none.at("y").shape, (TensorShape{0, 3, 10, 10}));
  const auto empty = engine.run({{"x", Tensor::zeros(ElementType::kF32, {1, 2, 0, 8})}});
  if (!empty.ok()) {
    EXPECT_EQ(empty.error().kind, ErrorKind::kInput);
  } else {
    for (const float value : empty->at("y").as<float>()) EXPECT_EQ(value, 0);
  }
}

}  // namespace
}  // namespace posittune::engine
