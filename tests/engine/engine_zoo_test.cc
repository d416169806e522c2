// The zoo's models whole: against plain OpenVINO, in FP32 and with dequantized
// weights in the graph.

#include <gtest/gtest.h>

#include <openvino/op/matmul.hpp>
#include <openvino/runtime/core.hpp>

#include "posittune/model/weights.h"
#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::Granularity;
using quant::ScaleRule;
using test::activation_setting;
using test::weight_setting;

// What other orders of summing leave of a model's output after all layers,
// relative to the largest.
constexpr double kSummationOrder = 1e-5;

model::Graph load_zoo(const std::string& name) {
  auto graph = model::load(test::zoo(name));
  EXPECT_TRUE(graph.ok()) << graph.error().message();
  return std::move(graph.value());
}

Tensors inputs_of(const std::string& name, std::size_t batch = 1) {
  return test::zoo_inputs(load_zoo(name), batch, 24, 1);
}

// The weights of a layer as its node wants them, from rows x cols.
std::shared_ptr<ov::Node> as_constant(const model::Layer& layer, const model::Weight& weight,
                                      const std::vector<float>& matrix) {
  const ov::Shape shape = layer.node->get_input_shape(model::weight_input(layer));
  const auto* matmul = ov::as_type<const ov::op::v0::MatMul>(layer.node.get());
  if (matmul == nullptr || matmul->get_transpose_b()) return test::constant(shape, matrix);
  std::vector<float> turned(matrix.size());
  for (std::size_t r = 0; r < weight.rows; ++r) {
    for (std::size_t c = 0; c < weight.cols; ++c)
      turned[c * weight.rows + r] = matrix[r * weight.cols + c];
  }
  return test::constant(shape, turned);
}

// OpenVINO's model with each weight replaced by what it is after quantizing.
std::shared_ptr<ov::Model> with_quantized_weights(model::Graph graph,
                                                  const quant::WeightSetting& setting) {
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    const auto values = model::weight_values(graph, w).value();
    const kernels::Shape shape{weight.rows, weight.cols};
    const bool per_row = setting.granularity == Granularity::kChannel;
    const auto scales =
        quant::choose_scales(setting.format, setting.rule, values, shape, per_row).value();
    const auto matrix = test::quantized(setting.format, values, shape, scales);
    for (const std::size_t l : weight.layers) {
      const model::Layer& layer = graph.layers[l];
      layer.node->input(model::weight_input(layer))
          .replace_source_output(as_constant(layer, weight, matrix));
    }
  }
  graph.ov_model->validate_nodes_and_infer_types();
  return graph.ov_model;
}

void expect_near(const Tensors& got, const Tensors& expected, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_LT(test::relative_difference(got.at(name), tensor), tolerance)
        << what << ", output " << name;
  }
}

class Zoo : public testing::TestWithParam<const char*> {};

TEST_P(Zoo, Fp32EqualsPlainOpenVino) {
  Engine engine = test::engine_of(load_zoo(GetParam()));
  for (const std::size_t batch : {1, 3}) {
    const Tensors inputs = inputs_of(GetParam(), batch);
    expect_near(test::run(engine, inputs), test::run_plain(load_zoo(GetParam()).ov_model, inputs),
                kSummationOrder, "fp32");
  }
}

TEST_P(Zoo, QuantizedWeightsEqualThoseInTheGraph) {
  Engine engine = test::engine_of(load_zoo(GetParam()));
  const Tensors inputs = inputs_of(GetParam());
  for (const auto& setting : {weight_setting("posit<8,1>"),
                              weight_setting("int8", ScaleRule::kMse, Granularity::kChannel),
                              weight_setting("fp8_e4m3", ScaleRule::kAbsmax),
                              weight_setting("mxfp8", ScaleRule::kNone), weight_setting("bf16")}) {
    test::apply(engine, engine.uniform(setting, {}));
    const auto reference = with_quantized_weights(load_zoo(GetParam()), setting);
    expect_near(test::run(engine, inputs), test::run_plain(reference, inputs), kSummationOrder,
                formats::name(setting.format));
  }
}

TEST_P(Zoo, ThreadsDoNotMatter) {
  const Tensors inputs = inputs_of(GetParam());
  std::vector<std::vector<Tensors>> outputs;
  for (const int threads : {1, 2, 3}) {
    Engine engine = test::engine_of(load_zoo(GetParam()), threads);
    test::calibrate(engine, inputs);
    auto& mine = outputs.emplace_back();
    for (const auto& recipe :
         {quant::Recipe{}, engine.uniform(weight_setting("posit<8,1>"), {}),
          engine.uniform(weight_setting("posit<8,1>"), activation_setting("posit<8,1>")),
          engine.uniform(
              weight_setting("int8", ScaleRule::kMse),
              activation_setting("int8", ScaleRule::kAbsmax, quant::ActivationScale::kToken))}) {
      test::apply(engine, recipe);
      mine.push_back(test::run(engine, inputs));
    }
  }
  for (std::size_t recipe = 0; recipe < outputs[0].size(); ++recipe) {
    EXPECT_TRUE(test::same_bits(outputs[0][recipe], outputs[1][recipe]))
        << "2 threads, recipe " << recipe;
    EXPECT_TRUE(test::same_bits(outputs[0][recipe], outputs[2][recipe]))
        << "3 threads, recipe " << recipe;
  }
}

TEST_P(Zoo, BitsPerWeightCountSharedWeightsOnce) {
  const model::Graph graph = load_zoo(GetParam());
  std::uint64_t weights = 0;
  for (const model::Weight& weight : graph.weights) weights += weight.rows * weight.cols;
  const auto count = static_cast<double>(graph.weights.size());
  Engine engine = test::engine_of(load_zoo(GetParam()));
  EXPECT_EQ(engine.weight_count(), weights);
  EXPECT_EQ(engine.bits_per_weight({}), 32);
  EXPECT_DOUBLE_EQ(engine.bits_per_weight(engine.uniform(weight_setting("posit<8,1>"), {})),
                   8 + count * 16 / static_cast<double>(weights));
}

INSTANTIATE_TEST_SUITE_P(Models, Zoo, testing::Values("gpt2", "albert", "yolo"),
                         [](const auto& each) { return std::string(each.param); });

// Exact sums differ from FP32's by their rounding only. ALBERT's 0.9 M
// parameters are few enough to wait for.
TEST(ZooQuire, IsCloseToFp32) {
  Engine engine = test::engine_of(load_zoo("albert"));
  const Tensors inputs = test::zoo_inputs(load_zoo("albert"), 1, 6, 2);
  const Tensors fp32 = test::run(engine, inputs);
  quant::Recipe exact;
  exact.accumulate = quant::Accumulate::kQuire;
  test::apply(engine, exact);
  expect_near(test::run(engine, inputs), fp32, kSummationOrder, "quire");
}

}  // namespace
}  // namespace posittune::engine
