#include "posittune/model/widen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/if.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/subtract.hpp>
#include <vector>

#include "posittune/model/graph.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

std::shared_ptr<ov::Node> constant(const ov::element::Type& type, const ov::Shape& shape,
                                   const std::vector<double>& values) {
  return std::make_shared<ov::op::v0::Constant>(type, shape, values);
}

TEST(Widen, HalfAndDoubleProductsAreReadAsFloat32) {
  for (const auto& type : {ov::element::f16, ov::element::bf16, ov::element::f64}) {
    const auto x = test::parameter({-1, 2}, "x", type);
    const auto product =
        std::make_shared<ov::op::v0::MatMul>(x, constant(type, {2, 2}, {1, 2, 3, 4}));
    const auto sum = std::make_shared<ov::op::v1::Add>(product, constant(type, {2}, {0.5, -0.5}));
    const Graph graph = test::load_ir(test::model_of(sum, {x}));
    ASSERT_EQ(graph.weights.size(), 1u) << type;
    EXPECT_EQ(graph.inputs[0].type, ElementType::kF32);
    EXPECT_EQ(graph.outputs[0].type, ElementType::kF32);
    EXPECT_EQ(graph.other_parameters, 2u);
    const auto values = weight_values(graph, 0);
    ASSERT_TRUE(values.ok()) << values.error().message();
    EXPECT_EQ(*values, (std::vector<float>{1, 3, 2, 4}));
    ASSERT_EQ(graph.notes.size(), 1u);
    EXPECT_NE(graph.notes[0].find(type.get_type_name()), std::string::npos) << graph.notes[0];
  }
}

TEST(Widen, ConversionsAtTheEndsBecomeNothing) {
  const auto x = test::parameter({-1, 2});
  const auto half = std::make_shared<ov::op::v0::Convert>(x, ov::element::f16);
  const auto product =
      std::make_shared<ov::op::v0::MatMul>(half, constant(ov::element::f16, {2, 1}, {1, 2}));
  const auto back = std::make_shared<ov::op::v0::Convert>(product, ov::element::f32);
  const Graph graph = test::load_ir(test::model_of(back, {x}));
  EXPECT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(graph.notes.size(), 1u);
}

// As exporters that keep the types of inputs and outputs leave it.
TEST(Widen, InputsAndOutputsAroundProductsInFloat32) {
  for (const auto& type : {ov::element::f16, ov::element::bf16, ov::element::f64}) {
    for (const bool in : {false, true}) {
      const auto x = test::parameter({-1, 2}, "x", in ? type : ov::element::f32);
      const auto wide = std::make_shared<ov::op::v0::Convert>(x, ov::element::f32);
      const auto product = std::make_shared<ov::op::v0::MatMul>(
          wide, constant(ov::element::f32, {2, 2}, {1, 2, 3, 4}));
      const auto back =
          std::make_shared<ov::op::v0::Convert>(product, in ? ov::element::f32 : type);
      const Graph graph = test::load_ir(test::model_of(back, {x}));
      EXPECT_EQ(graph.inputs[0].type, ElementType::kF32) << type;
      EXPECT_EQ(graph.outputs[0].type, ElementType::kF32) << type;
      EXPECT_EQ(graph.weights.size(), 1u);
      ASSERT_EQ(graph.notes.size(), 1u);
      EXPECT_NE(graph.notes[0].find("read as float32"), std::string::npos) << graph.notes[0];
    }
  }
}

// Positions in double beside products in float32: nobody asked for another type.
TEST(Widen, ModelsInFloat32StayAsTheyAre) {
  const auto x = test::parameter({-1, 2});
  const auto wide = std::make_shared<ov::op::v0::Convert>(x, ov::element::f64);
  const auto sum =
      std::make_shared<ov::op::v1::Add>(wide, constant(ov::element::f64, {2}, {0.1, 0.2}));
  const auto narrow = std::make_shared<ov::op::v0::Convert>(sum, ov::element::f32);
  const auto product =
      std::make_shared<ov::op::v0::MatMul>(narrow, constant(ov::element::f32, {2, 1}, {1, 2}));
  const auto model = test::model_of(product, {x});
  const auto widened = widen_to_float32(model);
  ASSERT_TRUE(widened.ok());
  EXPECT_EQ(*widened, "");
  EXPECT_EQ(sum->get_output_element_type(0), ov::element::f64);
}

// The only product is in the body.
TEST(Widen, BodiesToo) {
  for (const auto& type : {ov::element::f16, ov::element::f64}) {
    const auto x = test::parameter({-1, 2}, "x", type),
               choice = test::parameter({}, "choice", ov::element::boolean);
    const auto branch = [&] {
      const auto in = test::parameter({-1, 2}, "in", type);
      const auto product =
          std::make_shared<ov::op::v0::MatMul>(in, constant(type, {2, 2}, {1, 2, 3, 4}));
      return test::Branch(in, product);
    };
    const auto node = test::if_of(choice, x, branch(), branch());
    const Graph graph = test::load_ir(test::model_of(node->output(0), {x, choice}));
    ASSERT_EQ(graph.products.size(), 2u) << type;
    EXPECT_EQ(graph.outputs[0].type, ElementType::kF32);
    for (const auto& op : graph.ov_model->get_ordered_ops()) {
      if (!ov::is_type<ov::op::v8::If>(op)) continue;
      EXPECT_EQ(op->get_output_element_type(0), ov::element::f32);
    }
  }
}

TEST(Widen, DoublesBeyondFloat32AreRefused) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double value : {1e300, -1e300, inf}) {
    const auto x = test::parameter({-1, 2}, "x", ov::element::f64);
    const auto bias = constant(ov::element::f64, {2}, {0.5, value});
    bias->set_friendly_name("bias");
    const auto sum = std::make_shared<ov::op::v1::Add>(
        std::make_shared<ov::op::v0::MatMul>(x, constant(ov::element::f64, {2, 2}, {1, 2, 3, 4})),
        bias);
    const auto widened = widen_to_float32(test::model_of(sum, {x}));
    EXPECT_EQ(widened.ok(), std::isinf(value));  // what is infinite in the file stays so
    if (widened) continue;
    EXPECT_EQ(widened.error().kind, ErrorKind::kUnsupported);
    EXPECT_EQ(widened.error().where, "tensor 'bias', element 1");
  }
}

// As MatMulInteger is read: codes minus their zero point.
TEST(Load, ProductsOfCodesAreNotedAsQuantized) {
  const auto x = test::parameter({-1, 2}, "x", ov::element::u8);
  const auto wide = [](const ov::Output<ov::Node>& value) {
    return std::make_shared<ov::op::v0::Convert>(value, ov::element::i32);
  };
  const auto zero = constant(ov::element::i32, {}, {3});
  const auto w = wide(constant(ov::element::i8, {2, 2}, {1, 2, 3, 4}));
  const auto product =
      std::make_shared<ov::op::v0::MatMul>(std::make_shared<ov::op::v1::Subtract>(wide(x), zero),
                                           std::make_shared<ov::op::v1::Subtract>(w, zero));
  const Graph graph = test::load_ir(test::model_of(product, {x}));
  EXPECT_TRUE(graph.layers.empty());
  ASSERT_EQ(graph.products.size(), 1u);
  EXPECT_TRUE(graph.products[0].of_8_bits);
  EXPECT_EQ(graph.products[0].elements, 4u);
  EXPECT_EQ(graph.products[0].bytes, 4u);
  EXPECT_NE(to_text(graph.products[0]).find("is left as it is: already quantized"),
            std::string::npos)
      << to_text(graph.products[0]);
}

TEST(Load, OtherProductsOfIntegersAreNotCalledQuantized) {
  const auto x = test::parameter({-1, 2}, "x", ov::element::i32);
  const auto product =
      std::make_shared<ov::op::v0::MatMul>(x, constant(ov::element::i32, {2, 2}, {1, 2, 3, 4}));
  const Graph graph = test::load_ir(test::model_of(product, {x}));
  EXPECT_TRUE(graph.layers.empty());
  ASSERT_EQ(graph.products.size(), 1u);
  EXPECT_FALSE(graph.products[0].of_8_bits);
  EXPECT_EQ(graph.products[0].reason, "its product is of integers (i32)");
}

// w = v * g / n: 4 + 2 + 2 floats make a weight of 4; only the bias is beside it.
TEST(Load, ConstantsThatOnlyMakeAWeightAreNotCountedBesideIt) {
  const auto x = test::parameter({-1, 2});
  const auto scaled = std::make_shared<ov::op::v1::Divide>(
      constant(ov::element::f32, {2, 2}, {1, 2, 3, 4}), constant(ov::element::f32, {2, 1}, {1, 2}));
  const auto weight =
      std::make_shared<ov::op::v1::Multiply>(scaled, constant(ov::element::f32, {2, 1}, {3, 4}));
  const auto product = std::make_shared<ov::op::v0::MatMul>(x, weight, false, true);
  const auto sum =
      std::make_shared<ov::op::v1::Add>(product, constant(ov::element::f32, {2}, {1, 1}));
  const Graph graph = test::load_ir(test::model_of(sum, {x}));
  ASSERT_EQ(graph.weights.size(), 1u);
  EXPECT_EQ(graph.weights[0].size(), 4u);
  EXPECT_EQ(graph.other_parameters, 2u);
}

TEST(Load, ConstantsThatAreNotFiniteGetANote) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const auto x = test::parameter({-1, 2});
    const auto product =
        std::make_shared<ov::op::v0::MatMul>(x, constant(ov::element::f32, {2, 2}, {1, 2, 3, 4}));
    const auto bias = constant(ov::element::f32, {2}, {0, bad});
    bias->set_friendly_name("bias");
    const Graph graph =
        test::load_ir(test::model_of(std::make_shared<ov::op::v1::Add>(product, bias), {x}));
    ASSERT_EQ(graph.notes.size(), 1u);
    EXPECT_NE(graph.notes[0].find("'bias' holds " +
                                  std::string(std::isnan(bad) ? "a NaN" : "+inf") + " (element 1)"),
              std::string::npos)
        << graph.notes[0];
  }
}

}  // namespace
}  // namespace posittune::model
