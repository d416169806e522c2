#include "posittune/records/cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

using nlohmann::json;

CostResult result() {
  CostResult made{.model = "m.onnx",
                  .table = {.source = "t.csv",
                            .placeholder = false,
                            .node = "180 nm",
                            .weight_pj_per_bit = 2,
                            .activation_pj_per_bit = 1},
                  .rows = {},
                  .fp32 = {},
                  .int8 = {},
                  .layers = {{.name = "a", .kind = "MatMul", .weight = "w", .macs = 8}},
                  .products = {{.name = "p", .kind = "GRU", .reason = "recurrent", .bits = 8}},
                  .notes = {"a note"}};
  CostRow row{.format = "int8",
              .activations = "int8",
              .totals = {.bytes = 10, .energy_pj = 4},
              .weighted = {.macs = 8, .compute_pj = 3},
              .of_activations = {},
              .others = {},
              .layers = {{.mac_bits = 64, .area_um2 = 9}},
              .products = {{.macs = 2}}};
  row.totals.activation_bits = std::nan("");
  made.rows.push_back(row);
  made.fp32 = CostTotals{.bytes = 40, .energy_pj = 16};
  return made;
}

TEST(Cost, TotalsAndTheirRatios) {
  const json document = json::parse(json_text(result(), false));
  EXPECT_EQ(document["table"], json::parse(R"({"source": "t.csv", "placeholder": false,
                                               "node": "180 nm"})"));
  EXPECT_EQ(document["memory"]["weight_pj_per_bit"], 2.0);
  EXPECT_EQ(document["notes"], json::array({"a note"}));
  const json& row = document["rows"][0];
  EXPECT_EQ(row["bytes"], 10.0);
  EXPECT_EQ(row["activation_bits"], "NaN");
  EXPECT_EQ(row["relative_to_fp32"]["bytes"], 0.25);
  EXPECT_EQ(row["relative_to_fp32"]["energy_pj"], 0.25);
  EXPECT_FALSE(row["relative_to_fp32"].contains("macs"));
  EXPECT_TRUE(row["relative_to_int8"].is_null());
  EXPECT_EQ(row["parts"]["weighted"]["macs"], 8.0);
  EXPECT_FALSE(row.contains("layers"));
  EXPECT_FALSE(document.contains("layers"));
}

TEST(Cost, ByLayer) {
  const json document = json::parse(json_text(result(), true));
  EXPECT_EQ(document["layers"][0]["layer"], "a");
  EXPECT_EQ(document["layers"][0]["weight"], "w");
  EXPECT_EQ(document["layers"][0]["macs"], 8);
  EXPECT_EQ(document["products"][0]["reason"], "recurrent");
  EXPECT_EQ(document["products"][0]["bits"], 8);
  const json& row = document["rows"][0];
  EXPECT_EQ(row["layers"][0]["layer"], "a");
  EXPECT_EQ(row["layers"][0]["area_um2"], 9.0);
  EXPECT_EQ(row["products"][0]["product"], "p");
  EXPECT_EQ(row["products"][0]["macs"], 2.0);
}

TEST(Cost, Units) {
  UnitsResult units{.table = {.source = "t.csv"}, .rows = {}, .fp32 = {}, .int8 = {}};
  units.rows = {
      {.format = "int8", .activations = "int8", .unit = "mac", .area_um2 = 3, .used = true}};
  const json row = json::parse(json_text(units))["rows"][0];
  EXPECT_EQ(row["unit"], "mac");
  EXPECT_EQ(row["area_um2"], 3.0);
  EXPECT_EQ(row["used"], true);
}

}  // namespace
}  // namespace posittune::records
