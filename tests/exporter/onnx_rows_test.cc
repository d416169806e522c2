// Rows of a table of codes: the bits of the decoded table, and nothing else is decoded.

#include "posittune/exporter/onnx_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "posittune/exporter/onnx_weight.h"
#include "tests/exporter/graphs.h"
#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

using posittune::test::RunSpec;

constexpr std::size_t kRows = 12, kCols = 8;

struct Table {
  onnx::ModelProto model;
  std::vector<float> wanted;
  bool led = false;

  std::size_t count(const std::string& op) const {
    return static_cast<std::size_t>(
        std::ranges::count(model.graph().node(), op, &onnx::NodeProto::op_type));
  }
};

// Rows 7, 0 and 11 of a weight; with `tied` the whole of it is an output, too.
Table table_of(const std::vector<RunSpec>& specs, LutStyle style, std::int64_t opset,
               std::size_t group = 0, std::int64_t axis = 0, bool tied = false) {
  Table made{.model = test::model_of(opset, {1}), .wanted = {}};
  const auto codes = coded(posittune::test::invented(specs, kCols, group));
  EXPECT_TRUE(codes);
  const PortableWeight weight{.codes = *codes,
                              .shape = {kRows, kCols},
                              .layout = {{{kRows, kCols}}, {{kCols, 1}}},
                              .readers = {}};
  test::add_floats(made.model, "w", {kRows, kCols}, std::vector<float>(kRows * kCols, 0));
  onnx::TensorProto& ids = *made.model.mutable_graph()->add_initializer();
  ids.set_name("ids");
  ids.set_data_type(onnx::TensorProto::INT64);
  ids.add_dims(3);
  const std::vector<std::int64_t> indices = {7, 0, axis == 0 ? 11 : 1};
  for (const std::int64_t id : indices) ids.add_int64_data(id);
  onnx::NodeProto& gather = test::add_node(made.model, "Gather", "read", {"w", "ids"}, "rows");
  if (axis != 0) {
    onnx::AttributeProto& attribute = *gather.add_attribute();
    attribute.set_name("axis");
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(axis);
  }
  test::add_node(made.model, "Mul", "last", {"rows", "x"}, "y");
  test::add_output(made.model, "y");
  if (tied) {
    test::add_node(made.model, "Mul", "whole", {"w", "x"}, "z");
    test::add_output(made.model, "z");
  }
  made.model.mutable_graph()->mutable_initializer(0)->set_name("was");
  OnnxGraph graph(made.model);
  EXPECT_TRUE(add_weight(graph, weight, style, onnx::TensorProto::FLOAT, "w"));
  made.led = gather_codes(graph, 0, "w");
  graph.finish();
  const auto values = decoded(*codes);
  EXPECT_TRUE(values);
  if (axis != 0) return made;
  for (const std::int64_t id : indices) {
    const auto row = values->begin() + id * static_cast<std::int64_t>(kCols);
    made.wanted.insert(made.wanted.end(), row, row + kCols);
  }
  return made;
}

void expect_rows(const Table& table) { EXPECT_EQ(test::run(table.model, {1}, {1}), table.wanted); }

TEST(OnnxRows, AreDecodedFromTheirCodes) {
  for (const auto scales : {RunSpec::kOne, RunSpec::kRows}) {
    for (const bool powers : {false, true}) {
      const Table int8 = table_of({{"int8", kRows, scales, powers}}, LutStyle::kFoldable, 17);
      EXPECT_TRUE(int8.led);
      EXPECT_EQ(int8.count("DequantizeLinear"), scales == RunSpec::kOne ? 1U : 0U);
      expect_rows(int8);
      const Table posit =
          table_of({{"posit<8,1>", kRows, scales, powers}}, LutStyle::kResident, 17);
      EXPECT_TRUE(posit.led);
      EXPECT_EQ(posit.count("DequantizeLinear"), 1U);
      expect_rows(posit);
      // The file's own node reads the codes.
      const auto& nodes = posit.model.graph().node();
      const auto read = std::ranges::find(nodes, "read", &onnx::NodeProto::name);
      ASSERT_NE(read, nodes.end());
      EXPECT_NE(read->input(0), "w");
      EXPECT_NE(read->output(0), "rows");
    }
  }
}

TEST(OnnxRows, OfAWeightThatIsAMatrixToo) {
  const Table tied =
      table_of({{"int8", kRows, RunSpec::kRows}}, LutStyle::kFoldable, 17, 0, 0, true);
  EXPECT_TRUE(tied.led);
  EXPECT_EQ(tied.count("DequantizeLinear"), 1U) << "the whole";
  std::size_t codes = 0;
  for (const auto& tensor : tied.model.graph().initializer())
    codes += tensor.data_type() == onnx::TensorProto::INT8 && tensor.dims_size() == 2 ? 1U : 0U;
  EXPECT_EQ(codes, 1U) << "stored once";
  expect_rows(tied);
}

TEST(OnnxRows, OtherFormsAreDecodedWhole) {
  const auto left = [](const Table& table) {
    EXPECT_FALSE(table.led);
    expect_rows(table);
  };
  left(table_of({{"posit<8,1>", kRows}}, LutStyle::kFoldable, 17));  // folded when loaded
  left(table_of({{"posit<6,1>", kRows}}, LutStyle::kResident, 17));  // packed
  left(table_of({{"int8", 4}, {"posit<8,1>", kRows - 4}}, LutStyle::kResident, 17));  // windows
  left(table_of({{"int8", kRows, RunSpec::kGroups}}, LutStyle::kFoldable, 21, 4));
  left(table_of({{"int4", kRows, RunSpec::kRows}}, LutStyle::kFoldable, 21));
  EXPECT_FALSE(table_of({{"int8", kRows}}, LutStyle::kFoldable, 17, 0, 1).led) << "columns";
}

}  // namespace
}  // namespace posittune::exporter
