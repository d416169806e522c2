// Units of a table; Session::cost is tested in session_test.cc.

#include "posittune/session/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace posittune::session {
namespace {

formats::Format named(const char* name) { return formats::parse_format(name).value(); }

std::string pairs(const CostOptions& options) {
  const auto units = mac_units(options);
  EXPECT_TRUE(units.ok()) << units.error().message();
  std::string all;
  for (const records::UnitRecord& unit : units->rows) {
    const std::string pair = unit.format + "/" + unit.activations + " ";
    if (all.find(pair) == std::string::npos) all += pair;
  }
  return all;
}

TEST(MacUnits, EachPairOnce) {
  const TableChoice table{.source = TableSource::kPlaceholder};
  const std::vector some = {named("int8"), named("p8e1"), named("posit<8,1>")};
  EXPECT_EQ(pairs({.formats = some, .table = table}), "int8/int8 posit<8,1>/posit<8,1> ");
  EXPECT_EQ(pairs({.formats = {named("int8"), named("fp32")},
                   .activations = named("posit<8,1>"),
                   .table = table}),
            "int8/posit<8,1> fp32/posit<8,1> ");
  EXPECT_EQ(pairs({.table = table}), "");
}

// A pair that the project's own table lacks is priced by the built-in model, and it is said.
TEST(MacUnits, AMissingUnitIsTold) {
  const CostOptions rare{.formats = {named("posit<13,3>")}, .activations = named("int5")};
  const auto units = mac_units(rare);
  ASSERT_TRUE(units.ok()) << units.error().message();
  EXPECT_TRUE(units->table.placeholder);
  EXPECT_EQ(units->notes.size(), 1U);
  CostOptions rtl = rare;
  rtl.table.source = TableSource::kRtl;
  EXPECT_EQ(mac_units(rtl).error().kind, ErrorKind::kInput);
}

TEST(TableCsv, AllRowsOrThoseOfFormats) {
  const auto lines = [](const CostOptions& options) {
    const auto text = table_csv(options);
    EXPECT_TRUE(text.ok()) << text.error().message();
    return std::count(text->begin(), text->end(), '\n');
  };
  const TableChoice rtl{.source = TableSource::kRtl};
  const auto all = lines({.table = rtl}), few = lines({.formats = {named("int8")}, .table = rtl});
  EXPECT_GT(few, 1);
  EXPECT_GT(all, few);
}

}  // namespace
}  // namespace posittune::session
