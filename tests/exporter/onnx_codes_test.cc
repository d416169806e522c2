// Codes of each width, packed and unpacked again by a runtime.

#include "posittune/exporter/onnx_codes.h"

#include <gtest/gtest.h>

#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

std::vector<std::uint32_t> some_codes(int bits, std::size_t count) {
  std::vector<std::uint32_t> codes(count);
  std::uint32_t state = 12345;
  for (std::uint32_t& code : codes) {
    state = state * 1664525 + 1013904223;
    code = (state >> 8) & ((1U << bits) - 1);
  }
  return codes;
}

void check(int bits, std::int64_t opset, LutStyle style, std::int64_t rows, std::int64_t cols) {
  const auto codes = some_codes(bits, static_cast<std::size_t>(rows * cols));
  onnx::ModelProto model = test::model_of(opset, {1});
  OnnxGraph graph(model);
  const auto made = add_codes(graph, {bits, codes, {rows, cols}}, style);
  ASSERT_TRUE(made) << made.error().message();
  const std::string floats = graph.cast(*made, onnx::TensorProto::FLOAT);
  graph.add("Add", {floats, "x"}, {}, "y");
  test::add_output(model, "y");
  graph.finish();
  // The codes alone, and few small numbers.
  const std::size_t packed = (codes.size() * static_cast<std::size_t>(bits) + 7) / 8;
  EXPECT_LE(graph.stored_bytes(), packed + 8U * static_cast<unsigned>(bits) + 400);
  const auto y = test::run(model, {1}, {0});
  ASSERT_EQ(y.size(), codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) ASSERT_EQ(y[i], static_cast<float>(codes[i])) << i;
}

TEST(OnnxCodes, OfAllWidthsComeBack) {
  for (int bits = 1; bits <= 16; ++bits) {
    for (const LutStyle style : {LutStyle::kFoldable, LutStyle::kResident}) {
      SCOPED_TRACE(bits);
      check(bits, 17, style, 3, 16);  // whole bytes
      check(bits, 17, style, 5, 7);   // none
    }
  }
}

TEST(OnnxCodes, OfFourBitsAreATypeWhereTheOpsetHasIt) {
  check(4, 21, LutStyle::kFoldable, 5, 7);
  onnx::ModelProto model = test::model_of(21, {1});
  OnnxGraph graph(model);
  ASSERT_TRUE(add_codes(graph, {4, some_codes(4, 8), {2, 4}}, LutStyle::kFoldable));
  EXPECT_EQ(model.graph().initializer(0).data_type(), kUint4);
}

}  // namespace
}  // namespace posittune::exporter
