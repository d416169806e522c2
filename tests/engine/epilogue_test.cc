// What follows a convolution and is done with it, against OpenVINO's own nodes.

#include "posittune/engine/epilogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <openvino/op/add.hpp>
#include <openvino/op/broadcast.hpp>
#include <openvino/op/concat.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/sigmoid.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/swish.hpp>
#include <openvino/op/tanh.hpp>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using Node = ov::Output<ov::Node>;
using test::relative_difference;

constexpr std::size_t kIn = 5, kOut = 6;
// As in convolution_test.cc; swish does not steepen (its slope is at most 1.1).
constexpr double kSummationOrder = 1e-5;

// Layers
// ---------------------------------------------------------------------------------------------

Node plane(const Node& x, std::size_t size, std::size_t stride) {
  const auto pad = static_cast<std::ptrdiff_t>(size / 2);
  return std::make_shared<ov::op::v1::Convolution>(
      x, test::normal_constant({kOut, kIn, size, size}, 7), ov::Strides{stride, stride},
      ov::CoordinateDiff{pad, pad}, ov::CoordinateDiff{pad, pad}, ov::Strides{1, 1});
}

Node transposed(const Node& x) {
  return std::make_shared<ov::op::v1::ConvolutionBackpropData>(
      x, test::normal_constant({kIn, kOut, 3, 3}, 7), ov::Strides{2, 2}, ov::CoordinateDiff{1, 1},
      ov::CoordinateDiff{1, 1}, ov::Strides{1, 1});
}

// Two groups, each of all inputs.
Node grouped(const Node& x) {
  const auto doubled = std::make_shared<ov::op::v0::Concat>(ov::OutputVector{x, x}, 1);
  return std::make_shared<ov::op::v1::GroupConvolution>(
      doubled, test::normal_constant({2, kOut / 2, kIn, 3, 3}, 7), ov::Strides{1, 1},
      ov::CoordinateDiff{1, 1}, ov::CoordinateDiff{1, 1}, ov::Strides{1, 1});
}

struct Layer {
  const char* name;
  std::function<Node(const Node&)> make;
};
const std::vector<Layer> kLayers = {
    {"plane", [](const Node& x) { return plane(x, 3, 1); }},
    {"strided", [](const Node& x) { return plane(x, 3, 2); }},
    {"pointwise", [](const Node& x) { return plane(x, 1, 1); }},
    {"pointwise_strided", [](const Node& x) { return plane(x, 1, 2); }},
    {"grouped", grouped},
    {"transposed", transposed},
};

// What follows
// ---------------------------------------------------------------------------------------

Node add(const Node& a, const Node& b) { return std::make_shared<ov::op::v1::Add>(a, b); }
Node multiply(const Node& a, const Node& b) { return std::make_shared<ov::op::v1::Multiply>(a, b); }
Node sigmoid(const Node& x) { return std::make_shared<ov::op::v0::Sigmoid>(x); }
Node relu(const Node& x) { return std::make_shared<ov::op::v0::Relu>(x); }
Node swish(const Node& x) { return std::make_shared<ov::op::v4::Swish>(x); }
Node bias(const ov::Shape& shape) { return test::normal_constant(shape, 8, "b"); }
Node biased(const Node& x) { return add(x, bias({1, kOut, 1, 1})); }

Node numbers(const std::vector<std::int64_t>& values) {
  return test::integers({values.size()}, values);
}

// As the ONNX reader writes it for images of unknown size.
Node reshaped_bias(const Node& x) {
  const auto shape = std::make_shared<ov::op::v3::ShapeOf>(x);
  const auto rank = std::make_shared<ov::op::v3::ShapeOf>(shape);
  const auto rest = std::make_shared<ov::op::v1::Subtract>(rank, numbers({2}));
  const auto ones = std::make_shared<ov::op::v3::Broadcast>(numbers({1}), rest);
  const auto target = std::make_shared<ov::op::v0::Concat>(
      ov::OutputVector{numbers({1}), numbers({kOut}), ones}, 0);
  return std::make_shared<ov::op::v1::Reshape>(bias({kOut}), target, false);
}

Node half_bias() {
  const auto values = test::normal(kOut, 1, 8);
  const auto half = ov::op::v0::Constant::create(ov::element::f16, {1, kOut, 1, 1}, values);
  return std::make_shared<ov::op::v0::Convert>(half, ov::element::f32);
}

struct Tail {
  const char* name;
  std::function<Node(const Node&)> make;
  bool bias;                                  // taken
  Activation activation = Activation::kNone;  // taken
};
const std::vector<Tail> kTails = {
    {"nothing", [](const Node& x) { return x; }, false},
    {"bias", biased, true},
    {"bias_first", [](const Node& x) { return add(bias({1, kOut, 1, 1}), x); }, true},
    {"bias_of_lower_rank", [](const Node& x) { return add(x, bias({kOut, 1, 1})); }, true},
    {"bias_reshaped", [](const Node& x) { return swish(add(x, reshaped_bias(x))); }, true,
     Activation::kSwish},
    {"bias_in_half", [](const Node& x) { return relu(add(x, half_bias())); }, true,
     Activation::kRelu},
    {"relu", relu, false, Activation::kRelu},
    {"bias_relu", [](const Node& x) { return relu(biased(x)); }, true, Activation::kRelu},
    {"swish", swish, false, Activation::kSwish},
    {"bias_swish", [](const Node& x) { return swish(biased(x)); }, true, Activation::kSwish},
    {"bias_sigmoid_product",
     [](const Node& x) {
       const Node sum = biased(x);
       return multiply(sum, sigmoid(sum));
     },
     true, Activation::kSwish},
    {"bias_product_sigmoid",
     [](const Node& x) {
       const Node sum = biased(x);
       return multiply(sigmoid(sum), sum);
     },
     true, Activation::kSwish},
    {"two_biases", [](const Node& x) { return add(biased(x), bias({1, kOut, 1, 1})); }, true},
    {"bias_tanh", [](const Node& x) { return std::make_shared<ov::op::v0::Tanh>(biased(x)); },
     true},
    {"swish_of_another_beta",
     [](const Node& x) {
       return std::make_shared<ov::op::v4::Swish>(x, test::constant({}, {0.5F}));
     },
     false},
    // What is added is not one number for each channel.
    {"number", [](const Node& x) { return add(x, bias({})); }, false},
    {"number_of_full_rank", [](const Node& x) { return add(x, bias({1, 1, 1, 1})); }, false},
    {"along_a_row", [](const Node& x) { return add(x, bias({1, 1, 1, kOut})); }, false},
    {"along_a_row_of_lower_rank", [](const Node& x) { return add(x, bias({kOut})); }, false},
    {"along_columns", [](const Node& x) { return add(x, bias({1, 1, kOut, 1})); }, false},
    {"of_images", [](const Node& x) { return add(x, bias({kOut, 1, 1, 1})); }, false},
    {"of_higher_rank", [](const Node& x) { return add(x, bias({1, 1, kOut, 1, 1})); }, false},
    {"of_channels_and_rows", [](const Node& x) { return add(x, bias({1, kOut, kOut, 1})); }, false},
    {"itself", [](const Node& x) { return add(x, x); }, false},
    // Somebody else sees what would be taken.
    {"sum_seen_before_bias", [](const Node& x) { return multiply(swish(biased(x)), x); }, false},
    {"two_readers_add",
     [](const Node& x) { return multiply(biased(x), add(x, bias({1, kOut, 1, 1}))); }, false},
    {"biased_sum_seen",
     [](const Node& x) {
       const Node sum = biased(x);
       return add(swish(sum), sum);
     },
     true},
    {"biased_sum_seen_beside_product",
     [](const Node& x) {
       const Node sum = biased(x);
       return add(multiply(sum, sigmoid(sum)), sum);
     },
     true},
    {"sigmoid_seen",
     [](const Node& x) {
       const Node sum = biased(x), gate = sigmoid(sum);
       return add(multiply(sum, gate), gate);
     },
     true},
    {"sigmoid_of_sum_squared",
     [](const Node& x) {
       const Node gate = sigmoid(biased(x));
       return multiply(gate, gate);
     },
     true},
    {"sigmoid_times_another",
     [](const Node& x) {
       const Node sum = biased(x);
       return multiply(sigmoid(sum), relu(sum));
     },
     true},
};

std::shared_ptr<ov::Model> model_of(const Layer& layer, const Tail& tail) {
  const auto x = test::parameter({-1, kIn, -1, -1});
  const Node node = layer.make(x);
  node.get_node()->set_friendly_name("layer");
  return test::model_of(tail.make(node), {x});
}

// What is taken
// --------------------------------------------------------------------------------------

class Tails : public testing::TestWithParam<std::size_t> {
 protected:
  const Tail& tail() const { return kTails[GetParam()]; }
};

std::shared_ptr<ov::Node> named(const ov::Model& model, const std::string& name) {
  for (const auto& node : model.get_ordered_ops()) {
    if (node->get_friendly_name() == name) return node;
  }
  return nullptr;
}

TEST_P(Tails, AreTakenWhereNobodyElseSees) {
  const auto model = model_of(kLayers[0], tail());
  const auto layer = named(*model, "layer");
  const std::size_t before = model->get_ops().size();
  const auto taken = take_epilogue(layer);
  EXPECT_EQ(taken.has_value(), tail().bias || tail().activation != Activation::kNone);
  if (!taken) {
    EXPECT_EQ(model->get_ops().size(), before);
    return;
  }
  EXPECT_LT(model->get_ops().size(), before);
  EXPECT_EQ(taken->activation, tail().activation);
  EXPECT_EQ(taken->bias.size(), tail().bias ? kOut : 0);
  if (std::string_view(tail().name) != "bias_in_half" && tail().bias) {
    EXPECT_EQ(taken->bias, test::normal(kOut, 1, 8));
  }
}

// In bands and as a product, in floats and exactly, images together and one by one.
TEST_P(Tails, EqualOpenVino) {
  for (const Layer& layer : {kLayers[0], kLayers[2]}) {
    const auto model = model_of(layer, tail());
    Engine engine = test::engine_of(test::load_ir(model));
    for (const auto accumulate : {quant::Accumulate::kFp32, quant::Accumulate::kQuire}) {
      quant::Recipe recipe;
      recipe.accumulate = accumulate;
      test::apply(engine, recipe);
      for (const std::size_t batch : {std::size_t{1}, kOut}) {
        // As large as every tail can be added to.
        const Tensors inputs = {{"x", test::normal_tensor({batch, kIn, kOut, kOut}, 3)}};
        EXPECT_LT(relative_difference(test::run(engine, inputs).at("y"),
                                      test::run_plain(model, inputs).at("y")),
                  kSummationOrder)
            << layer.name << ", batch " << batch;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Tails, testing::Range<std::size_t>(0, kTails.size()),
                         [](const auto& each) { return std::string(kTails[each.param].name); });

// How it runs
// ----------------------------------------------------------------------------------------

const Tail& tail_of(std::string_view name) {
  return *std::find_if(kTails.begin(), kTails.end(),
                       [&](const Tail& of) { return name == of.name; });
}

// Sizes and batches that change, more positions than a band or a piece has, transposed layers too.
TEST(Epilogue, ImagesOfEverySize) {
  for (const Layer& layer : kLayers) {
    for (const char* name : {"bias", "bias_relu", "bias_sigmoid_product"}) {
      const auto model = model_of(layer, tail_of(name));
      Engine engine = test::engine_of(test::load_ir(model));
      for (const auto& [batch, height, width] : std::vector<std::array<std::size_t, 3>>{
               {1, 21, 9}, {3, 40, 33}, {9, 7, 5}, {1, 1, 1}, {1, 21, 9}, {2, 3, 200}}) {
        const Tensors inputs = {{"x", test::normal_tensor({batch, kIn, height, width}, 4)}};
        const Tensors expected = test::run_plain(model, inputs), got = test::run(engine, inputs);
        EXPECT_EQ(got.at("y").shape, expected.at("y").shape);
        EXPECT_LT(relative_difference(got.at("y"), expected.at("y")), kSummationOrder)
            << layer.name << ", " << name << ", " << batch << " of " << height << " x " << width;
      }
    }
  }
}

TEST(Epilogue, ThreadsDoNotMatter) {
  for (const Layer& layer : kLayers) {
    const auto model = model_of(layer, tail_of("bias_sigmoid_product"));
    const Tensors inputs = {{"x", test::normal_tensor({2, kIn, 31, 30}, 5)}};
    std::vector<Tensors> outputs;
    for (const int threads : {1, 2, 3}) {
      Engine engine = test::engine_of(test::load_ir(model), threads);
      outputs.push_back(test::run(engine, inputs));
    }
    EXPECT_TRUE(test::same_bits(outputs[0], outputs[1])) << layer.name;
    EXPECT_TRUE(test::same_bits(outputs[0], outputs[2])) << layer.name;
  }
}

// With rounded weights and inputs, taken and not taken are the same function: what prevents it is a
// second reader that adds nothing.
TEST(Epilogue, TakenOrNotUnderARecipe) {
  const Tail apart = {"apart",
                      [](const Node& x) {
                        const Node nothing = multiply(x, test::constant({1}, {0}));
                        return add(swish(biased(x)), nothing);
                      },
                      false};
  for (const Layer& layer : kLayers) {
    Engine together = test::engine_of(test::load_ir(model_of(layer, tail_of("bias_swish"))));
    Engine separate = test::engine_of(test::load_ir(model_of(layer, apart)));
    const Tensors inputs = {{"x", test::normal_tensor({2, kIn, 12, 17}, 6)}};
    for (Engine* engine : {&together, &separate}) {
      test::calibrate(*engine, inputs);
      test::apply(*engine, engine->uniform(test::weight_setting("posit8e1"),
                                           test::activation_setting("posit8e1")));
    }
    EXPECT_LT(relative_difference(test::run(together, inputs).at("y"),
                                  test::run(separate, inputs).at("y")),
              kSummationOrder)
        << layer.name;
  }
}

// A layer's output is the sum, whatever is done with it behind.
TEST(Epilogue, ErrorsAtTheOutputAreThoseOfTheLayer) {
  for (const Layer& layer : kLayers) {
    Engine alone = test::engine_of(test::load_ir(model_of(layer, tail_of("nothing"))));
    Engine followed = test::engine_of(test::load_ir(model_of(layer, tail_of("bias_relu"))));
    const Tensors inputs = {{"x", test::normal_tensor({2, kIn, 12, 17}, 6)}};
    test::calibrate(alone, inputs);
    test::calibrate(followed, inputs);
    const auto setting = test::activation_setting("int4");
    EXPECT_EQ(alone.activation_error(0, setting).value().error,
              followed.activation_error(0, setting).value().error)
        << layer.name;
  }
}

// Images of padding alone are biases, activated; batches of nothing are nothing.
TEST(Epilogue, EmptyImagesAndBatches) {
  const auto x = test::parameter({-1, kIn, -1, -1});
  const Node node = std::make_shared<ov::op::v1::Convolution>(
      x, test::normal_constant({kOut, kIn, 3, 3}, 7), ov::Strides{1, 1}, ov::CoordinateDiff{2, 2},
      ov::CoordinateDiff{2, 2}, ov::Strides{1, 1});
  Engine engine = test::engine_of(test::load_ir(test::model_of(relu(biased(node)), {x})));
  const Tensors none = test::run(engine, {{"x", Tensor::zeros(ElementType::kF32, {0, kIn, 8, 8})}});
  EXPECT_EQ(none.at("y").shape, (TensorShape{0, kOut, 10, 10}));
  const auto empty = engine.run({{"x", Tensor::zeros(ElementType::kF32, {1, kIn, 0, 8})}});
  if (!empty.ok()) {
    EXPECT_EQ(empty.error().kind, ErrorKind::kInput);
    return;
  }
  const auto values = empty->at("y").as<float>();
  const auto biases = test::normal(kOut, 1, 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], std::max(0.0F, biases[i / (values.size() / kOut)]));
  }
}

// The function
// ---------------------------------------------------------------------------------------

// Every float of a dense sample, in double. 8 units in the last place: 2 of the exponential, of
// which the sum with 1 and the quotient each add a half, and room for libm's own.
TEST(Epilogue, SwishIsGoodToTheLastPlaces) {
  std::vector<float> x;
  for (float value = 1e-8F; value < 87; value *= 1.0001F) x.insert(x.end(), {value, -value});
  x.push_back(0);
  std::vector<float> y = x;
  apply({.bias = {}, .activation = Activation::kSwish}, 0, y);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = double{x[i]} / (1 + std::exp(-double{x[i]}));
    ASSERT_NEAR(y[i], expected, 8 * 0x1p-24 * std::fabs(expected)) << x[i];
  }
}

TEST(Epilogue, SwishOfTheExtremes) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> y = {-88,   -1000,     std::numeric_limits<float>::lowest(),   100,
                          1e30F, kInfinity, std::numeric_limits<float>::quiet_NaN()};
  apply({.bias = {}, .activation = Activation::kSwish}, 0, y);
  EXPECT_NEAR(y[0], 0, 1e-35);
  EXPECT_NEAR(y[1], 0, 1e-34);
  EXPECT_LE(y[2], 0);
  EXPECT_EQ(y[3], 100);
  EXPECT_EQ(y[4], 1e30F);
  EXPECT_EQ(y[5], kInfinity);
  EXPECT_TRUE(std::isnan(y[6]));
}

TEST(Epilogue, BiasIsOfTheChannel) {
  const Epilogue epilogue{.bias = {1, -2}, .activation = Activation::kRelu};
  std::vector<float> first = {0.5F, -3}, second = {0.5F, 3};
  apply(epilogue, 0, first);
  apply(epilogue, 1, second);
  EXPECT_EQ(first, (std::vector<float>{1.5F, 0}));
  EXPECT_EQ(second, (std::vector<float>{0, 1}));
}

}  // namespace
}  // namespace posittune::engine
