// Invented costs as tables.

#include "posittune/report/cost_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

using records::CostResult;
using records::CostRow;

CostRow row(const std::string& format, double scale) {
  CostRow made{.format = format,
               .activations = format,
               .totals = {},
               .weighted = {},
               .of_activations = {},
               .others = {},
               .layers = {},
               .products = {}};
  made.totals = {.bits_per_weight = 32 * scale,
                 .weight_bits = 3200 * scale,
                 .bytes = 400 * scale,
                 .macs = 1000,
                 .mac_bits = 1.024e6 * scale,
                 .activation_bits = 32 * scale,
                 .compute_pj = 600 * scale,
                 .memory_pj = 400 * scale,
                 .energy_pj = 1000 * scale,
                 .area_um2 = 2000 * scale,
                 .mean_area_um2 = 1500 * scale,
                 .delay_ns = 10 * scale};
  made.weighted = {
      .macs = 1000, .compute_pj = 600 * scale, .memory_pj = 400 * scale, .inputs_read = 10};
  return made;
}

CostResult result() {
  CostResult made{.model = "m.onnx",
                  .table = {},
                  .rows = {row("fp32", 1), row("int8", 0.25)},
                  .fp32 = {},
                  .int8 = {},
                  .layers = {},
                  .products = {},
                  .notes = {}};
  made.fp32 = made.rows[0].totals;
  return made;
}

TEST(CostText, PartsOfReferences) {
  const std::string text = cost_text(result(), false);
  EXPECT_EQ(text.substr(0, text.find('\n')), "m.onnx  one run, 1e+03 MACs");
  EXPECT_NE(text.find("int8    int8               8.000  100 B        0.25 / -"), text.npos)
      << text;
  EXPECT_NE(text.find("250 pJ"), text.npos);
  EXPECT_EQ(text.find("energy of"), text.npos);  // one kind of product
}

TEST(CostText, KindsOfProductsWhereThereIsMoreThanOne) {
  CostResult of = result();
  for (CostRow& each : of.rows) each.of_activations = {.compute_pj = 100, .inputs_read = 5};
  const std::string text = cost_text(of, false);
  EXPECT_NE(text.find("layers with weights          1e+03   1 nJ (100 %)  250 pJ (100 %)"),
            text.npos)
      << text;
  EXPECT_NE(text.find("products of two activations      0  100 pJ (10 %)"), text.npos) << text;
  EXPECT_EQ(text.find("other products"), text.npos);
}

TEST(CostText, LayersThenProducts) {
  CostResult of = result();
  of.layers = {
      {.name = "a", .kind = "MatMul", .macs = 1000, .weights = 100, .inputs = 10, .outputs = 10}};
  of.products = {{.name = "gru", .kind = "GRUSequence", .known = false}};
  for (CostRow& each : of.rows) {
    each.layers = {each.weighted};
    each.products = {{}};
  }
  const std::string text = cost_text(of, true);
  EXPECT_NE(text.find("energy of each layer, then of products"), text.npos) << text;
  EXPECT_NE(text.find("a      MatMul       1000      100      10       10  1 nJ  250 pJ"),
            text.npos)
      << text;
  EXPECT_NE(text.find("gru    GRUSequence     ?        ?       ?        ?"), text.npos) << text;
}

TEST(UnitsText, TheUnitInUseIsMarked) {
  records::UnitsResult units{.table = {}, .rows = {}, .fp32 = {}, .int8 = {}};
  units.rows = {{.format = "int8",
                 .activations = "int8",
                 .accumulator = "int",
                 .pipeline = "0",
                 .area_um2 = 100,
                 .delay_ns = 2,
                 .energy_pj = 4,
                 .used = true},
                {.format = "int8",
                 .activations = "int8",
                 .accumulator = "int",
                 .pipeline = "1",
                 .area_um2 = 200,
                 .delay_ns = 1,
                 .energy_pj = 5}};
  units.int8 = units.rows[0];
  const std::string text = units_text(units);
  EXPECT_NE(text.find("int8     int8         int          0         100           - / 1   2   4   "
                      "        - / 1  *\n"),
            text.npos)
      << text;
  EXPECT_NE(text.find("- / 2"), text.npos);
}

}  // namespace
}  // namespace posittune::report
