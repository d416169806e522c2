// Convolutions of all kinds beside OpenVINO's own, in FP32 and with exact sums (the plain twin).

#include <gtest/gtest.h>

#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/parameter.hpp>

#include "tests/engine/graphs.h"

namespace posittune::engine {
namespace {

using ov::CoordinateDiff;
using ov::Shape;
using ov::Strides;
using ov::op::PadType;
using testing::random_constant;

struct Case {
  std::string name;
  Shape weights, input;  // input with batch 1
  Strides strides, dilations;
  CoordinateDiff begin, end;
  PadType pad = PadType::EXPLICIT;
  bool grouped = false, transposed = false;
  CoordinateDiff output_padding = {};
};

std::shared_ptr<ov::Model> make_model(const Case& c) {
  ov::PartialShape shape = ov::PartialShape::dynamic(static_cast<std::int64_t>(c.input.size()));
  shape[1] = static_cast<std::int64_t>(c.input[1]);  // batch and sizes stay open
  auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, shape);
  x->output(0).set_names({"x"});
  const auto w = random_constant(c.weights, 7);
  std::shared_ptr<ov::Node> node;
  if (c.transposed && c.grouped) {
    node = std::make_shared<ov::op::v1::GroupConvolutionBackpropData>(x, w, c.strides, c.begin, c.end, c.dilations, c.pad, c.output_padding);
  } else if (c.transposed) {
    node = std::make_shared<ov::op::v1::ConvolutionBackpropData>(x, w, c.strides, c.begin, c.end, c.dilations, c.pad, c.output_padding);
  } else if (c.grouped) {
    node = std::make_shared<ov::op::v1::GroupConvolution>(x, w, c.strides, c.begin, c.end, c.dilations, c.pad);
  } else {
    node = std::make_shared<ov::op::v1::Convolution>(x, w, c.strides, c.begin, c.end, c.dilations, c.pad);
  }
  node->output(0).set_names({"y"});
  return std::make_shared<ov::Model>(ov::OutputVector{node}, ov::ParameterVector{x});
}

const std::vector<Case> kCases = {
    {"3x3", {24, 5, 3, 3}, {1, 5, 17, 13}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {"1x1", {40, 16, 1, 1}, {1, 16, 9, 9}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
    {"stride", {32, 3, 3, 3}, {1, 3, 33, 30}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
    {"uneven pads", {8, 4, 4, 3}, {1, 4, 12, 11}, {1, 2}, {1, 1}, {2, 0}, {1, 2}},
    {"dilation", {8, 4, 3, 3}, {1, 4, 20, 20}, {1, 1}, {3, 2}, {3, 2}, {3, 2}},
    {"large pad", {4, 2, 5, 5}, {1, 2, 16, 6}, {1, 1}, {1, 1}, {4, 4}, {4, 4}},
    {"same upper", {6, 4, 3, 3}, {1, 4, 10, 11}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, PadType::SAME_UPPER},
    {"same lower", {6, 4, 4, 4}, {1, 4, 10, 11}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, PadType::SAME_LOWER},
    {"valid", {6, 4, 3, 3}, {1, 4, 10, 11}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, PadType::VALID},
    {"groups", {2, 6, 4, 3, 3}, {1, 8, 16, 9}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, PadType::EXPLICIT, true},
    {"depthwise", {24, 1, 1, 3, 3}, {1, 24, 16, 16}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, PadType::EXPLICIT, true},
    {"1-D", {16, 6, 5}, {1, 6, 40}, {2}, {1}, {2}, {1}},
    {"3-D", {6, 3, 3, 3, 2}, {1, 3, 8, 7, 6}, {1, 2, 1}, {1, 1, 1}, {1, 1, 0}, {1, 1, 1}},
    {"transposed", {6, 10, 3, 3}, {1, 6, 9, 8}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, PadType::EXPLICIT, false, true},
    {"output padding", {6, 10, 3, 3}, {1, 6, 9, 8}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, PadType::EXPLICIT, false, true, {1, 1}},
    {"grouped transposed", {2, 3, 4, 2, 2}, {1, 6, 5, 6}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, PadType::EXPLICIT, true, true},
};

class ConvolutionTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConvolutionTest, EqualsOpenVino) {
  const auto model = make_model(GetParam());
  Engine engine = testing::make_engine(testing::load_model(model));
  ASSERT_EQ(engine.graph().layers.size(), 1U);
  for (const std::size_t batch : {1, 3, 9}) {
    for (const std::size_t more : {0, 3}) {
      TensorShape shape(GetParam().input);
      shape[0] = batch;
      for (std::size_t d = 2; d < shape.size(); ++d) shape[d] += more;
      const Tensors inputs = {{"x", testing::random_tensor(shape, 11)}};
      const Tensor wanted = testing::run_plain(model, inputs).at("y");
      ASSERT_TRUE(engine.apply({}));
      auto found = engine.run(inputs);
      ASSERT_TRUE(found) << found.error().message();
      // A few hundred products in another order.
      EXPECT_LT(testing::relative_difference(found->at("y"), wanted), 1e-5);
      if (batch == 9) continue;
      quant::Recipe exact;
      exact.accumulate = quant::Accumulate::kQuire;
      ASSERT_TRUE(engine.apply(exact));
      auto sums = engine.run(inputs);
      ASSERT_TRUE(sums) << sums.error().message();
      EXPECT_LT(testing::relative_difference(sums->at("y"), wanted), 1e-5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ConvolutionTest, ::testing::ValuesIn(kCases), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace posittune::engine
