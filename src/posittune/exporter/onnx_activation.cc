#include "posittune/exporter/onnx_activation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "posittune/exporter/binades.h"
#include "posittune/exporter/coded_weight.h"
#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"
#include "posittune/quant/power_search.h"

namespace posittune::exporter {
namespace {

using formats::Format;
using onnx::TensorProto;
using Dims = std::vector<std::int64_t>;

constexpr auto kLength = static_cast<std::int64_t>(kBlock);
constexpr int kPowers = 127;  // powers of two from 2^-126 to 2^127

std::string powers_of_two_table(OnnxGraph& graph, int exponent = 0) {
  std::vector<float> table(2 * kPowers);
  for (int e = -126; e <= kPowers; ++e)
    table[static_cast<std::size_t>(e + 126)] =
        std::ldexp(1.0F, std::clamp(e + exponent, -126, kPowers));
  return graph.constant("powers_of_two", std::span(table), {2 * kPowers});
}

// floor(log2(a)) + 126 as int32, for a in [2^-126, FLT_MAX]: the logarithm, which may be off by one
// beside powers of two, mended by comparing with them.
std::string floor_log2(OnnxGraph& graph, const std::string& a) {
  const std::string log2 =
      graph.add("Mul", {graph.add("Log", {a}), graph.scalar(std::numbers::log2e_v<float>)});
  const std::string guess = graph.cast(
      graph.add(
          "Min",
          {graph.add("Max", {graph.add("Add", {graph.add("Floor", {log2}), graph.scalar(126)}),
                             graph.scalar(0)}),
           graph.scalar(2 * kPowers - 1)}),
      TensorProto::INT32);
  const std::string power = graph.add("Gather", {powers_of_two_table(graph), guess});
  const std::string below = graph.cast(graph.add("Less", {a, power}), TensorProto::INT32);
  // a - 2 power is exact where they are near.
  const std::string half = graph.add("Mul", {a, graph.scalar(0.5F)});
  const std::string above =
      graph.cast(graph.add("Not", {graph.add("Less", {half, power})}), TensorProto::INT32);
  return graph.add("Sub", {graph.add("Add", {guess, above}), below});
}

std::string limited(OnnxGraph& graph, const std::string& a, float low, float high) {
  return graph.add("Min", {graph.add("Max", {a, graph.scalar(low)}), graph.scalar(high)});
}

// |z| rounded by binades; `a` is |z|, finite.
std::string round_magnitude(OnnxGraph& graph, const Binades& how, const std::string& a) {
  const std::string kept = graph.add("Min", {a, graph.scalar(how.largest)});
  const std::string first = graph.add("Max", {kept, graph.scalar(std::ldexp(1.0F, how.first))});
  const std::vector<std::int32_t> offset = {how.first + 126};
  const std::string index =
      graph.add("Sub", {floor_log2(graph, first), graph.constant("first", offset, {1})});
  const auto count = static_cast<std::int64_t>(how.binades.size());
  std::vector<float> step, inverse, lower, upper, threshold;
  bool stepped = false, selected = false;
  for (const Binade& at : how.binades) {
    stepped = stepped || at.step != 0;
    selected = selected || at.step == 0;
    step.push_back(at.step);
    inverse.push_back(at.step != 0 ? 1 / at.step : 0);
    lower.push_back(at.lower);
    upper.push_back(at.upper);
    threshold.push_back(at.step != 0 ? std::numeric_limits<float>::max()
                                     : std::min(at.threshold, std::numeric_limits<float>::max()));
  }
  const auto pick = [&](const char* what, const std::vector<float>& values) {
    return graph.add("Gather", {graph.constant(what, std::span(values), {count}), index});
  };
  std::string uniform, tapered;
  if (stepped) {
    const std::string multiple =
        graph.add("Round", {graph.add("Mul", {kept, pick("inverse_step", inverse)})});
    uniform = graph.add("Mul", {multiple, pick("step", step)});
  }
  if (selected) {
    const std::string low = graph.add("Less", {kept, pick("threshold", threshold)});
    tapered = graph.add("Where", {low, pick("lower", lower), pick("upper", upper)});
  }
  if (!stepped || !selected) return stepped ? uniform : tapered;
  return graph.add("Add", {uniform, tapered});
}

// z rounded to the grid of a format without blocks; NaN and infinities as the header says.
Result<std::string> round_elements(OnnxGraph& graph, const Format& format, const std::string& z) {
  const Format plain = formats::plain(format);
  const bool saturates = format == formats::saturating(format);
  const formats::Traits traits = formats::traits(format);
  const auto largest = static_cast<float>(formats::float_range(format).high);
  if (plain == formats::fp32()) return z;
  if (format.family == formats::integer(8).family) {
    const std::string kept = limited(graph, z, -largest, largest);
    const auto step = static_cast<float>(traits.min);
    if (step == 1) return graph.add("Round", {kept});
    const std::string multiple =
        graph.add("Round", {graph.add("Mul", {kept, graph.scalar(1 / step)})});
    return graph.add("Mul", {multiple, graph.scalar(step)});
  }
  // (A Cast to FP16 and back is not kept by OpenVINO.)
  const auto how = binades_of(format);
  if (!how) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "inputs in " + formats::name(plain) + " cannot be exported",
                 .expected = "a format of at most 16 bits"};
  }
  const std::string a = graph.add("Abs", {z});
  // The tables have no place for NaN, which becomes 0 here and NaN again at the end.
  const bool posit = traits.nan_code.has_value() && !traits.has_negative_zero;
  const std::string infinity = graph.scalar(std::numeric_limits<float>::infinity());
  const std::string good =
      posit ? graph.add("Less", {a, infinity}) : graph.add("Not", {graph.add("IsNaN", {a})});
  const std::string safe = graph.add("Where", {good, a, graph.scalar(0)});
  std::string magnitude = round_magnitude(graph, *how, safe);
  if (!saturates) {
    const std::string finite =
        graph.add("Less", {safe, graph.scalar(largest + how->binades.back().step / 2)});
    magnitude = graph.add("Where", {finite, magnitude, infinity});
  }
  const std::string rounded = graph.add("Mul", {magnitude, graph.add("Sign", {z})});
  return graph.add("Where", {good, rounded, graph.scalar(std::numeric_limits<float>::quiet_NaN())});
}

// Tokens as rows: the last axis, or all of an image.
Dims token_axes(bool images) { return images ? Dims{1} : Dims{-1}; }

// The leading 12 bits of a positive number. Each step is exact.
std::string leading_bits(OnnxGraph& graph, const std::string& a) {
  const std::string index = floor_log2(graph, a);
  const std::vector<std::int32_t> mirror = {252};
  const std::string mirrored = graph.add("Sub", {graph.constant("mirror", mirror, {1}), index});
  const std::string up = graph.add("Gather", {powers_of_two_table(graph, 11), mirrored});
  const std::string down = graph.add("Gather", {powers_of_two_table(graph, -11), index});
  return graph.add("Mul", {graph.add("Floor", {graph.add("Mul", {a, up})}), down});
}

// The largest float s with absmax * s <= largest, near largest / absmax. The quotient may be one
// step above it, which the sign of the exact absmax * s - largest says: of halves with 12 bits the
// products are exact, and so are these sums (the last one in its sign).
std::string fitting_scale(OnnxGraph& graph, float largest, const std::string& absmax) {
  const std::string a = limited(graph, absmax, 0x1p-110F, 0x1p110F);
  // Of bf16 and the like the quotient may be infinite; it is never more than the largest scale.
  const std::string s =
      graph.add("Min", {graph.add("Div", {graph.scalar(largest), a}),
                        graph.scalar(std::ldexp(1.0F, quant::kMaxScaleExponent))});
  const std::string a_high = leading_bits(graph, a), s_high = leading_bits(graph, s);
  const std::string a_low = graph.add("Sub", {a, a_high}), s_low = graph.add("Sub", {s, s_high});
  std::string rest = graph.add("Sub", {graph.add("Mul", {a_high, s_high}), graph.scalar(largest)});
  rest = graph.add("Add", {rest, graph.add("Mul", {a_high, s_low})});
  rest = graph.add("Add", {rest, graph.add("Mul", {a_low, s_high})});
  rest = graph.add("Add", {rest, graph.add("Mul", {a_low, s_low})});
  // s (1 - 2^-24) rounds to the float below s.
  const std::string below = graph.add("Mul", {s, graph.scalar(1 - 0x1p-24F)});
  return graph.add("Where", {graph.add("Greater", {rest, graph.scalar(0)}), below, s});
}

// A scale for each token, as quant::direct_scale().
Result<std::string> token_scales(OnnxGraph& graph, const quant::ActivationSetting& setting,
                                 const std::string& x, bool images) {
  const Format format = quant::scaled_format(setting.format, setting.rule);
  const Dims axes = token_axes(images);
  const std::string a = graph.add("Abs", {x});
  const std::string absmax = graph.reduce("ReduceMax", a, axes);
  const std::string nothing =
      graph.add("Less", {absmax, graph.scalar(std::numeric_limits<float>::min())});
  const auto largest = static_cast<float>(formats::float_range(format).high);
  std::string scale;
  if (setting.rule == quant::ScaleRule::kAbsmax) {
    scale = fitting_scale(graph, largest, absmax);
  } else {
    const bool rms = setting.rule == quant::ScaleRule::kRmsPow2;
    const std::string bulk =
        rms ? graph.add("Sqrt", {graph.reduce("ReduceMean", graph.add("Mul", {x, x}), axes)})
            : graph.reduce("ReduceMean", a, axes);
    // round(log2(q)) = floor(log2(q sqrt 2))
    const auto centre = static_cast<float>(formats::centre(format) * std::numbers::sqrt2);
    const std::string ratio =
        limited(graph, graph.add("Div", {graph.scalar(centre), bulk}), 0x1p-125F, 0x1p125F);
    scale = graph.add("Gather", {powers_of_two_table(graph), floor_log2(graph, ratio)});
  }
  scale = limited(graph, scale, std::ldexp(1.0F, -quant::kMaxScaleExponent),
                  std::ldexp(1.0F, quant::kMaxScaleExponent));
  return graph.add("Where", {nothing, graph.scalar(1), scale});
}

// x as rows of blocks: [..., blocks, 32], with zeros behind a row whose length is no multiple.
struct Blocks {
  std::string values, shape, length;  // shape: of x with padded rows; length: of its last axis
};
Blocks into_blocks(OnnxGraph& graph, const std::string& rows) {
  const auto vector = [&](std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return graph.constant("numbers", values, {count});
  };
  const std::string shape = graph.add("Shape", {rows});
  const std::string length = graph.add("Gather", {shape, vector({-1})}, {{"axis", 0}});
  const std::string rank = graph.add("Shape", {shape});
  // Pad by (-length) mod 32 at the end of the last axis.
  const std::string missing = graph.add("Mod", {graph.add("Neg", {length}), vector({kLength})});
  const std::string zeros = graph.add(
      "Expand",
      {vector({0}), graph.add("Sub", {graph.add("Mul", {rank, vector({2})}), vector({1})})});
  const std::string padded =
      graph.add("Pad", {rows, graph.add("Concat", {zeros, missing}, {{"axis", 0}})});
  const std::string whole = graph.add("Shape", {padded});
  const std::string outer = graph.add("Slice", {whole, vector({0}), vector({-1}), vector({0})});
  const std::string split = graph.add("Concat", {outer, vector({-1, kLength})}, {{"axis", 0}});
  return {graph.add("Reshape", {padded, split}), whole, length};
}

// MX: each block has the exponent of its largest element.
Result<std::string> round_blocks(OnnxGraph& graph, const Format& format, const std::string& z) {
  const Blocks blocks = into_blocks(graph, z);
  const std::string absmax = graph.reduce("ReduceMax", graph.add("Abs", {blocks.values}), {-1});
  const std::string index = floor_log2(graph, limited(graph, absmax, 0x1p-126F, 0x1p126F));
  // shared_exponent() of 1 is -emax of the elements.
  const int emax = -formats::shared_exponent(format, 1.0F);
  const std::string factor = graph.add("Gather", {powers_of_two_table(graph, -emax), index});
  // Its reciprocal: 2^-e is at 252 - (e + 126).
  const std::vector<std::int32_t> mirror = {252};
  const std::string turned = graph.add("Sub", {graph.constant("mirror", mirror, {1}), index});
  const std::string inverse = graph.add("Gather", {powers_of_two_table(graph, emax), turned});
  auto rounded =
      round_elements(graph, formats::element(format), graph.add("Mul", {blocks.values, inverse}));
  if (!rounded) return rounded.error();
  const std::string y = graph.add("Reshape", {graph.add("Mul", {*rounded, factor}), blocks.shape});
  const std::vector<std::int64_t> zero = {0}, last = {-1};
  return graph.add("Slice", {y, graph.constant("numbers", zero, {1}), blocks.length,
                             graph.constant("numbers", last, {1})});
}

// Rounds float32 rows.
Result<std::string> round_rows(OnnxGraph& graph, const std::string& x,
                               const InputQuantizer& quantizer) {
  const quant::ActivationSetting& setting = quantizer.setting;
  const Format format = quant::scaled_format(setting.format, setting.rule);
  const float scale = quantizer.scale.value_or(1);
  if (quantizer.scale && format == formats::integer(8) && graph.opset() >= 10) {
    // The type's 0, which stands for -128, is not a value of ours. uint8, as onnxruntime's int8
    // product on x86 takes it: from int8 it turns an input itself, but not one of several layers.
    const float step = 1 / scale, largest = 127 * step;
    const std::string kept = limited(graph, x, -largest, largest);
    const std::string zero = graph.constant("zero", TensorProto::UINT8, std::string(1, '\x80'), {});
    const std::string codes = graph.add("QuantizeLinear", {kept, graph.scalar(step), zero});
    return graph.add("DequantizeLinear", {codes, graph.scalar(step), zero});
  }
  std::string steps, z = x;
  if (!quantizer.scale) {
    auto scales = token_scales(graph, setting, x, quantizer.images);
    if (!scales) return scales.error();
    z = graph.add("Mul", {x, *scales});
    steps = graph.add("Reciprocal", {*scales});
  } else if (scale != 1) {
    z = graph.add("Mul", {x, graph.scalar(scale)});
    steps = graph.scalar(1 / scale);
  }
  auto rounded =
      format.block > 0 ? round_blocks(graph, format, z) : round_elements(graph, format, z);
  if (!rounded || steps.empty()) return rounded;
  return graph.add("Mul", {*rounded, steps});
}

}  // namespace

Result<std::string> add_input_rounding(OnnxGraph& graph, const std::string& x, int data_type,
                                       const InputQuantizer& quantizer) {
  const bool half = data_type != TensorProto::FLOAT;
  std::string rows = half ? graph.cast(x, TensorProto::FLOAT) : x, shape;
  // An image is one row where its elements are counted together.
  const bool flat = quantizer.images && (!quantizer.scale || quantizer.setting.format.block > 0);
  if (flat) {
    shape = graph.add("Shape", {rows});
    rows = graph.add("Flatten", {rows}, {{"axis", 1}});
  }
  auto rounded = round_rows(graph, rows, quantizer);
  if (!rounded) return rounded.error();
  std::string y = *rounded;
  if (flat) y = graph.add("Reshape", {y, shape});
  return half ? graph.cast(y, data_type) : y;
}

}  // namespace posittune::exporter
