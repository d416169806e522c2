// Weights as nodes, decoded by a runtime: the bits that decoded() gives, in the stored order.

#include "posittune/exporter/onnx_weight.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

constexpr std::size_t kRows = 6, kCols = 64;

engine::QuantizedWeight quantized(const std::vector<formats::Format>& formats, std::size_t group,
                                  float scale) {
  engine::QuantizedWeight weight{.rows = kRows,
                                 .cols = kCols,
                                 .group = group,
                                 .compensated = false,
                                 .runs = {},
                                 .codes = {},
                                 .exponents = {}};
  const std::size_t each = kRows / formats.size(), groups = group == 0 ? 1 : kCols / group;
  for (std::size_t f = 0; f < formats.size(); ++f) {
    std::vector<float> scales;
    for (std::size_t i = 0; i < each * groups; ++i)
      scales.push_back(scale * static_cast<float>(1U << (i % 5)));
    weight.runs.push_back({f * each, each, formats[f], scales});
    for (std::size_t i = 0; i < each * kCols; ++i) {
      const auto code = static_cast<std::uint32_t>(i * 7 + f) & ((1U << formats[f].bits) - 1);
      const bool unused = code == 1U << (formats[f].bits - 1);  // NaR; int's -128
      weight.codes.push_back(unused ? 1 : code);
    }
  }
  return weight;
}

struct Made {
  std::vector<float> values;
  std::set<std::string> ops;
};
Made through_runtime(const PortableWeight& weight, std::int64_t opset) {
  onnx::ModelProto model = test::model_of(opset, {1});
  OnnxGraph graph(model);
  const auto made = add_weight(graph, weight, LutStyle::kFoldable, onnx::TensorProto::FLOAT, "w");
  EXPECT_TRUE(made) << made.error().message();
  EXPECT_EQ(*made, "w");
  graph.add("Mul", {"w", "x"}, {}, "y");
  test::add_output(model, "y");
  graph.finish();
  Made result{.values = test::run(model, {1}, {1}), .ops = {}};
  for (const auto& node : model.graph().node()) result.ops.insert(node.op_type());
  return result;
}

void check(const engine::QuantizedWeight& from, std::int64_t opset, bool transposed,
           const char* op) {
  auto codes = coded(from);
  ASSERT_TRUE(codes);
  const auto values = decoded(*codes);
  ASSERT_TRUE(values);
  PortableWeight weight{.codes = *codes,
                        .shape = {kRows, kCols},
                        .layout = {{{kRows, kCols}}, {{kCols, 1}}},
                        .readers = {}};
  if (transposed) {
    weight.shape = {kCols, kRows};
    weight.layout = {{{kRows, 1}}, {{kCols, kRows}}};
  }
  const Made made = through_runtime(weight, opset);
  const auto positions = model::stored_positions(weight.layout);
  ASSERT_EQ(made.values.size(), values->size());
  for (std::size_t i = 0; i < values->size(); ++i)
    ASSERT_EQ(made.values[positions[i]], (*values)[i]) << i;
  if (op != nullptr) {
    EXPECT_TRUE(made.ops.contains(op)) << op;
  }
}

TEST(OnnxWeight, TablesGiveTheValues) {
  for (const bool transposed : {false, true}) {
    for (const std::size_t group : {std::size_t{0}, std::size_t{16}}) {
      for (const float scale : {1.0F, 0.3F}) {
        check(quantized({formats::posit(6, 1)}, group, scale), 17, transposed, "Gather");
        check(quantized({formats::minifloat(2, 1)}, group, scale), 21, transposed, "Gather");
        // Rows in two formats of one width, and of two widths.
        check(quantized({formats::posit(6, 1), formats::posit(6, 0)}, group, scale), 17, transposed,
              "Gather");
        check(quantized({formats::posit(6, 1), formats::integer(4), formats::posit(8, 0)}, group,
                        scale),
              17, transposed, "Concat");
      }
    }
  }
}

TEST(OnnxWeight, StandardFormsAreUsedWhereTheOpsetHasThem) {
  for (const bool transposed : {false, true}) {
    check(quantized({formats::integer(8)}, 0, 0.3F), 13, transposed, "DequantizeLinear");
    check(quantized({formats::integer(8)}, 16, 0.3F), 13, transposed, "Gather");
    check(quantized({formats::integer(8)}, 16, 0.3F), 21, transposed, "DequantizeLinear");
    check(quantized({formats::integer(4)}, 16, 0.3F), 17, transposed, "Gather");
    check(quantized({formats::integer(4)}, 16, 0.3F), 21, transposed, "DequantizeLinear");
    check(quantized({formats::integer(4)}, 0, 2), 21, transposed, "DequantizeLinear");
  }
}

TEST(OnnxWeight, WideFormatsAreValuesOrTypes) {
  const auto wide = [](const formats::Format& format) {
    engine::QuantizedWeight weight = quantized({formats::integer(8)}, 0, 1);
    weight.runs[0].format = format;
    for (std::uint32_t& code : weight.codes) code = 0x3c00U + code;
    return weight;
  };
  check(wide(formats::fp16()), 17, false, "Cast");
  check(wide(formats::bf16()), 17, true, "Cast");
  check(wide(formats::posit(24, 1)), 17, true, nullptr);
  check(wide(formats::posit(16, 1)), 17, true, "Gather");
}

}  // namespace
}  // namespace posittune::exporter
