// systolic_array against the engine's `quire` mode, bit for bit: whole layers of zoo/gpt2 on text,
// weights and activations in posit<8,1> with power-of-two scales.
//
//   engine   the model up to the layer under a recipe with `accumulate: quire`; the layer's FP32
//            input x and its output y are outputs of the model
//   array    x and the weights as codes by the scalar codec of formats/; tiles of 8 x 8 along the
//            inputs carry their sums on; the exact sum at the end is rounded to fp32 once, as the
//            engine rounds its own, and by posit_round to a posit, as formats::Quire does
//
// Both have FP32 weights, FP32 inputs and the rule that chooses scales in common, nothing else.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <openvino/op/result.hpp>

#include "array.h"
#include "posittune/data/dataset.h"
#include "posittune/formats/arithmetic.h"
#include "posittune/formats/codec.h"
#include "posittune/quant/scale_rules.h"
#include "tests/engine/engines.h"

namespace posittune::rtl {
namespace {

using formats::Format;
using quant::ActivationScale;
using quant::Granularity;

constexpr std::size_t kTokens = 16;
constexpr auto kRule = quant::ScaleRule::kRmsPow2;
const Format kFormat = formats::posit(8, 1);

struct Case {
  std::string weight;
  Granularity granularity;
  ActivationScale scale;
};

// What the engine made of a layer: y = x w^T, x tokens x in, w out x in.
struct Layer {
  std::size_t in = 0, out = 0;
  std::vector<float> w, x, y;
};

const model::Layer& layer_of(const model::Graph& graph, std::size_t weight) {
  return graph.layers[graph.weights[weight].layers.front()];
}

std::size_t find_weight(const model::Graph& graph, const std::string& name) {
  std::size_t w = 0;
  while (w < graph.weights.size() && graph.weights[w].name != name) ++w;
  EXPECT_LT(w, graph.weights.size()) << name;
  return w;
}

// The zoo's model up to the layer: outputs "x", what goes into it, and "y", what comes out.
model::Graph cut_behind(const std::string& weight) {
  const model::Graph graph = std::move(model::load(test::zoo("gpt2")).value());
  const auto node = layer_of(graph, find_weight(graph, weight)).node;
  ov::ResultVector results;
  const auto name = [&](ov::Output<ov::Node> output, const std::string& as) {
    output.set_names({as});
    results.push_back(std::make_shared<ov::op::v0::Result>(output));
  };
  name(node->input_value(0), "x");
  name(node->output(0), "y");
  return test::load_ir(std::make_shared<ov::Model>(results, graph.ov_model->get_parameters()));
}

// The first tokens of the calibration text.
Tensors text(const std::vector<TensorInfo>& inputs) {
  data::DataSpec spec;
  spec.path = std::filesystem::path(test::zoo("gpt2")).replace_filename("calibrate.npz").string();
  spec.limit = 1;
  const auto row = data::Dataset::open(spec, inputs).value().batch(0, 1).value();
  Tensors short_row;
  for (const auto& [name, ids] : row) {
    short_row[name] = Tensor::zeros(ids.type, {1, kTokens});
    std::copy_n(ids.bytes.begin(), short_row[name].bytes.size(), short_row[name].bytes.begin());
  }
  return short_row;
}

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

Layer run_engine(const Case& of) {
  Layer layer;
  model::Graph graph = cut_behind(of.weight);
  const std::size_t weight = find_weight(graph, of.weight);
  layer.in = graph.weights[weight].cols;
  layer.out = graph.weights[weight].rows;
  layer.w = model::weight_values(graph, weight).value();
  const std::size_t index = graph.weights[weight].layers.front();
  std::vector<bool> chosen(graph.layers.size(), false);
  chosen[index] = true;
  const Tensors inputs = text(graph.inputs);
  auto engine = engine::Engine::create(std::move(graph), {.chosen = chosen, .threads = 2});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  test::calibrate(*engine, inputs);
  quant::Recipe recipe = engine->uniform(test::weight_setting("posit<8,1>", kRule, of.granularity),
                                         test::activation_setting("posit<8,1>", kRule, of.scale));
  recipe.accumulate = quant::Accumulate::kQuire;
  test::apply(*engine, recipe);
  EXPECT_EQ(engine->paths()[index], "quire");
  const Tensors outputs = test::run(*engine, inputs);
  layer.x = floats(outputs.at("x"));
  layer.y = floats(outputs.at("y"));
  return layer;
}

// One scale for each row, by the rule that the recipe names.
std::vector<float> scales_of(const std::vector<float>& values, kernels::Shape shape, bool per_row) {
  std::vector<float> scales = quant::choose_scales(kFormat, kRule, values, shape, per_row).value();
  if (!per_row) scales.assign(shape.rows, scales.front());
  for (const float scale : scales) {
    int exponent = 0;
    EXPECT_EQ(std::frexp(scale, &exponent), 0.5F) << "not a power of two";
  }
  return scales;
}

Codes codes_of(const std::vector<float>& values, kernels::Shape shape,
               const std::vector<float>& scales) {
  Codes codes(values.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = formats::encode(kFormat, double{values[i]} * double{scales[i / shape.cols]});
  }
  return codes;
}

// A layer as the array reads it.
struct Operands {
  std::size_t in = 0;
  std::vector<float> w_scales, x_scales;  // one for each output, one for each token
  Codes w, x;                             // as Layer's
};

Operands operands_of(const Layer& layer, const Case& of) {
  const kernels::Shape w_shape{layer.out, layer.in}, x_shape{kTokens, layer.in};
  Operands operands;
  operands.in = layer.in;
  operands.w_scales = scales_of(layer.w, w_shape, of.granularity == Granularity::kChannel);
  operands.x_scales = scales_of(layer.x, x_shape, of.scale == ActivationScale::kToken);
  operands.w = codes_of(layer.w, w_shape, operands.w_scales);
  operands.x = codes_of(layer.x, x_shape, operands.x_scales);
  return operands;
}

// A kRows x kCols tile of the weights as the array wants it: rows are inputs, columns are outputs.
Codes tile(const Operands& of, std::size_t in, std::size_t out) {
  Codes codes;
  for (std::size_t r = 0; r < Array::kRows; ++r) {
    for (std::size_t c = 0; c < Array::kCols; ++c) {
      codes.push_back(of.w[(out + c) * of.in + in + r]);
    }
  }
  return codes;
}

std::vector<Codes> vectors(const Operands& of, std::size_t in) {
  std::vector<Codes> out;
  for (std::size_t t = 0; t < kTokens; ++t) {
    const auto first = of.x.begin() + static_cast<std::ptrdiff_t>(t * of.in + in);
    out.emplace_back(first, first + Array::kRows);
  }
  return out;
}

// Sums of kCols outputs from `out` on over all inputs.
Array::Sums column_of_tiles(Array& array, const Operands& of, std::size_t out) {
  Array::Sums sums;
  for (std::size_t in = 0; in < of.in; in += Array::kRows) {
    array.load(tile(of, in, out));
    sums = array.run(vectors(of, in), in == 0 ? nullptr : &sums, 0);
    EXPECT_EQ(sums.posits.size(), kTokens) << "output " << out << ", input " << in;
  }
  return sums;
}

std::uint32_t quire_posit(const Operands& of, std::size_t token, std::size_t output) {
  formats::Quire quire(kFormat);
  for (std::size_t k = 0; k < of.in; ++k) {
    quire.add_product(of.x[token * of.in + k], of.w[output * of.in + k]);
  }
  return quire.to_posit();
}

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

class ArrayLayer : public testing::TestWithParam<Case> {};

TEST_P(ArrayLayer, EqualsQuireMode) {
  const Layer layer = run_engine(GetParam());
  ASSERT_EQ(layer.x.size(), kTokens * layer.in);
  ASSERT_EQ(layer.y.size(), kTokens * layer.out);
  ASSERT_TRUE(layer.in % Array::kRows == 0 && layer.out % Array::kCols == 0);
  const Operands operands = operands_of(layer, GetParam());
  Array array;
  std::size_t rounded = 0;
  for (std::size_t out = 0; out < layer.out; out += Array::kCols) {
    const Array::Sums sums = column_of_tiles(array, operands, out);
    ASSERT_FALSE(HasFailure());
    for (std::size_t i = 0; i < kTokens * Array::kCols; ++i) {
      const std::size_t t = i / Array::kCols, c = i % Array::kCols, o = out + c;
      ASSERT_EQ(sums.nars[t] >> c & 1, 0u);
      // int64 -> float is the one rounding, to nearest, ties to even; powers of two are exact.
      const float head = static_cast<float>(sums.sum(t, c));
      const float scale = operands.w_scales[o] * operands.x_scales[t];
      const float y = std::ldexp(head, Array::kLsb) / scale, engine = layer.y[t * layer.out + o];
      ASSERT_EQ(bits(y), bits(engine))
          << "token " << t << ", output " << o << ": " << y << ", " << engine;
      ASSERT_EQ(sums.posits[t][c], quire_posit(operands, t, o)) << "token " << t << ", " << o;
      rounded += static_cast<std::int64_t>(head) != sums.sum(t, c) ? 1 : 0;
    }
  }
  EXPECT_GT(rounded, 0u) << "every sum fits in a float: its rounding was not compared";
}

const Case kUp{"transformer.h.2.mlp.c_fc.weight", Granularity::kTensor, ActivationScale::kStatic};
const Case kDown{"transformer.h.2.mlp.c_proj.weight", Granularity::kChannel,
                 ActivationScale::kToken};
INSTANTIATE_TEST_SUITE_P(Gpt2, ArrayLayer, testing::Values(kUp, kDown), [](const auto& each) {
  return each.index == 0 ? "UpProjection" : "DownProjection";
});

}  // namespace
}  // namespace posittune::rtl
