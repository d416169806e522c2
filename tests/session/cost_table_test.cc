#include "posittune/session/cost_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace posittune::session {
namespace {

constexpr TableChoice placeholder() { return {.source = TableSource::kPlaceholder}; }

TEST(CostTable, WhatIsNoTable) {
  const Error none = open_table({.source = TableSource::kFile, .file = "no such file.csv"}).error();
  EXPECT_EQ(none.kind, ErrorKind::kInput);
  EXPECT_EQ(none.where, "`table`, no such file.csv");
  for (const double energy : {std::nan(""), -1.0, double{INFINITY}}) {
    TableChoice choice = placeholder();
    choice.memory_pj_per_bit = energy;
    EXPECT_EQ(open_table(choice).error().where, "`memory_pj_per_bit`");
  }
}

TEST(CostTable, WhatWasNotNamedFallsBack) {
  const cost::Table table = open_table(placeholder()).value();
  const Error other{.kind = ErrorKind::kInput, .what = "another"};
  EXPECT_FALSE(fallback_table({}, table, other).has_value());
}

// Prices until one table has all pairs, and tells of the other table before.
TEST(CostTable, ThePriceIsOfOneTable) {
  auto rtl = open_table({.source = TableSource::kRtl});
  ASSERT_TRUE(rtl.ok()) << rtl.error().message();
  const formats::Format rare = *formats::parse_format("posit<13,3>");
  std::vector<std::string> notes;
  const auto source = [&](const TableChoice& choice) {
    return with_table(
        choice, open_table(choice).value(), [&](const std::string& note) { notes.push_back(note); },
        [&](const cost::Table& table) -> Result<std::string> {
          auto unit = table.mac(rare, rare);
          if (!unit) return unit.error();
          return table.source();
        });
  };
  EXPECT_EQ(source({}).value(), cost::Table::placeholder().source());
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("`table=rtl`"), std::string::npos);
  EXPECT_TRUE(cost::is_missing_unit(source({.source = TableSource::kRtl}).error()));
  EXPECT_EQ(notes.size(), 1U);
}

// Energies of memory are those of the table's node, unless they are given.
TEST(CostTable, MemoryOfATable) {
  const cost::Table table = open_table(placeholder()).value();
  const cost::Memory own = memory_for({}, table);
  EXPECT_EQ(own.weight_pj_per_bit, cost::memory_of(table).weight_pj_per_bit);
  const cost::Memory given =
      memory_for({.memory_pj_per_bit = 3, .activation_pj_per_bit = 0.5}, table);
  EXPECT_EQ(given.weight_pj_per_bit, 3);
  EXPECT_EQ(given.activation_pj_per_bit, 0.5);
}

}  // namespace
}  // namespace posittune::session
