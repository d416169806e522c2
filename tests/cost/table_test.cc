// Tables of MAC units as CSV: what is read, what is refused and where, which unit a pair gets.

#include "posittune/cost/table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "posittune/base/hash.h"
#include "posittune/cost/placeholder.h"

namespace posittune::cost {
namespace {

using formats::integer;
using formats::posit;

const std::string kTitles =
    "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_"
    "pj,leakage_nw\n";
const std::string kPositRow = "mac,\"posit<8,1>\",p8e1,quire,1,500.5,600,1.5,0.6,12\n";
const std::string kIntRow = "mac,int8,int8,int,1,400,500,1,0.3,10\n";

Table read(const std::string& text) {
  auto table = Table::from_csv(text, "t.csv");
  if (table) return std::move(*table);
  ADD_FAILURE() << table.error().message();
  return Table::placeholder();
}

std::string refusal(const std::string& text) {
  const auto table = Table::from_csv(text, "t.csv");
  if (table.ok()) {
    ADD_FAILURE() << "accepted:\n" << text;
    return "";
  }
  EXPECT_EQ(table.error().kind, ErrorKind::kInput);
  EXPECT_NE(table.error().message().find("t.csv"), std::string::npos) << table.error().message();
  return table.error().message();
}

TEST(MacTable, ReadsRows) {
  const Table table = read("# a table\n\n" + kTitles + kPositRow + "  # between\n" + kIntRow);
  EXPECT_FALSE(table.is_placeholder());
  EXPECT_EQ(table.source(), "t.csv");
  EXPECT_EQ(table.rows().size(), 2U);
  const auto unit = table.mac(posit(8, 1), posit(8, 1));
  ASSERT_TRUE(unit.ok());
  EXPECT_EQ(unit->unit, "mac");
  EXPECT_EQ(unit->accumulator, "quire");
  EXPECT_EQ(unit->pipeline, "1");
  EXPECT_EQ(unit->area_um2, 500.5);
  EXPECT_EQ(unit->nand2_eq, 600);
  EXPECT_EQ(unit->delay_ns, 1.5);
  EXPECT_EQ(unit->energy_pj, 0.6);
  EXPECT_EQ(unit->leakage_nw, 12);
}

TEST(MacTable, ColumnsInAnyOrderAmongOthers) {
  const Table table = read(
      "\xEF\xBB\xBF"
      "leakage_nw, extra "
      ",energy_pj,delay_ns,nand2_eq,area_um2,pipeline,accumulator,activation_format,weight_format,"
      "unit\r\n"
      "10,\"a, \"\"b\"\"\",0.3,1,500,400,1,int, INT8 ,\"posit<6, 1>\",mac\r\n");
  const auto unit = table.mac(posit(6, 1), integer(8));
  ASSERT_TRUE(unit.ok());
  EXPECT_EQ(unit->area_um2, 400);
  EXPECT_EQ(unit->leakage_nw, 10);
}

TEST(MacTable, FlushingPositsShareTheUnit) {
  auto flush = posit(8, 1);
  flush.variant = formats::kPositFlush;
  EXPECT_TRUE(read(kTitles + kPositRow).mac(flush, posit(8, 1)).ok());
  EXPECT_EQ(Table::placeholder().mac(flush, flush)->energy_pj,
            Table::placeholder().mac(posit(8, 1), posit(8, 1))->energy_pj);
}

TEST(MacTable, EachMissingColumnIsNamed) {
  const std::string names[] = {"unit",      "weight_format", "activation_format", "accumulator",
                               "pipeline",  "area_um2",      "nand2_eq",          "delay_ns",
                               "energy_pj", "leakage_nw"};
  for (const std::string& name : names) {
    std::string titles = kTitles;
    titles.replace(titles.find(name), name.size(), "other");
    const std::string message = refusal("# comment\n" + titles + kIntRow);
    EXPECT_NE(message.find("no column " + name), std::string::npos) << message;
    EXPECT_NE(message.find("line 2"), std::string::npos) << message;
  }
  EXPECT_NE(refusal("unit," + kTitles + "x," + kIntRow).find("two columns"), std::string::npos);
}

// Every number column, every kind of wrong cell.
TEST(MacTable, WrongNumbersSayLineAndColumn) {
  const std::pair<std::string, std::size_t> columns[] = {
      {"area_um2", 5}, {"nand2_eq", 6}, {"delay_ns", 7}, {"energy_pj", 8}, {"leakage_nw", 9}};
  for (const auto& [name, place] : columns) {
    for (const std::string cell : {"", "x", "1x", "-1", "-0.5", "nan", "NaN", "inf", "-inf",
                                   "1e999", "0x10", "1 2", "+-1"}) {
      std::string row;
      std::vector<std::string> cells = {"mac", "int8", "int8", "int", "1", "1", "1", "1", "1", "1"};
      cells[place] = cell;
      for (const std::string& each : cells) row += each + ",";
      row.back() = '\n';
      const std::string message = refusal(kTitles + "# one\n\n" + row);
      EXPECT_NE(message.find("line 4, column " + name), std::string::npos) << message;
      EXPECT_NE(message.find("expected"), std::string::npos) << message;
      EXPECT_NE(message.find(cell.empty() ? "an empty cell" : "'" + cell + "'"), std::string::npos)
          << message;
    }
  }
}

TEST(MacTable, UnknownFormatsSayWhatWasMeant) {
  const std::string message =
      refusal(kTitles + kIntRow + "mac,int8,\"posit<8,9>\",int,1,1,1,1,1,1\n");
  EXPECT_NE(message.find("line 3, column activation_format"), std::string::npos) << message;
  EXPECT_NE(message.find("posit<8,9>"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean"), std::string::npos) << message;
  EXPECT_NE(refusal(kTitles + "mac,,int8,int,1,1,1,1,1,1\n").find("column weight_format"),
            std::string::npos);
}

TEST(MacTable, BrokenLines) {
  EXPECT_NE(refusal(kTitles + "mac,int8,int8\n").find("another number of cells"),
            std::string::npos);
  EXPECT_NE(refusal(kTitles + "mac,posit<8,1>,int8,int,1,1,1,1,1,1\n").find("needs quotes"),
            std::string::npos);
  EXPECT_NE(refusal(kTitles + "mac,\"int8,int8,int,1,1,1,1,1,1\n").find("line 2"),
            std::string::npos);
  EXPECT_NE(refusal(kTitles + "mac,\"int8\"x,int8,int,1,1,1,1,1,1\n").find("not a line of CSV"),
            std::string::npos);
  for (const std::string text : {"", "\n\n", "# only comments\n"})
    EXPECT_NE(refusal(text).find("empty"), std::string::npos);
  EXPECT_NE(refusal(kTitles).find("no rows"), std::string::npos);
  // A binary file: nothing a terminal would obey is echoed.
  EXPECT_EQ(refusal(std::string("\x1b[31m\0,\"", 8)).find('\x1b'), std::string::npos);
}

TEST(MacTable, OneUnitTwice) {
  const std::string message =
      refusal(kTitles + kPositRow + kIntRow + "other,posit8e1,\"posit<8,1>\",quire,1,1,1,1,1,1\n");
  EXPECT_NE(message.find("line 4"), std::string::npos) << message;
  EXPECT_NE(message.find("also on line 2"), std::string::npos) << message;
  // Another accumulator or pipeline is another unit.
  EXPECT_EQ(read(kTitles + kIntRow + "m,int8,int8,int,2,1,1,1,1,1\nm,int8,int8,fp32,1,1,1,1,1,1\n")
                .rows()
                .size(),
            3U);
}

TEST(MacTable, LeastEnergyOrWhatIsPreferred) {
  Table table = read(kTitles +
                     "a,int8,int8,int,1,1,1,1,0.3,1\nb,int8,int8,int,2,1,1,1,0.2,1\nc,int8,int8,"
                     "fp32,1,1,1,1,0.9,1\nd,int4,int4,int,2,1,1,1,0.1,1\n");
  const auto unit = [&table](int n) { return table.mac(integer(n), integer(n))->unit; };
  EXPECT_EQ(unit(8), "b");
  ASSERT_TRUE(table.prefer("fp32", "").ok());
  EXPECT_EQ(unit(8), "c");
  EXPECT_EQ(unit(4), "d");  // it has no other
  ASSERT_TRUE(table.prefer("int", "1").ok());
  EXPECT_EQ(unit(8), "a");
  ASSERT_TRUE(table.prefer("", "1").ok());
  EXPECT_EQ(unit(8), "a");
  const Status unknown = table.prefer("quire", "");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_NE(unknown.error().message().find("fp32, int"), std::string::npos);
  EXPECT_FALSE(table.prefer("", "3").ok());
  EXPECT_EQ(unit(8), "a");  // what was refused changes nothing
}

TEST(MacTable, MissingPairNamesTheNearest) {
  const auto unit = read(kTitles + kPositRow + kIntRow).mac(posit(8, 1), integer(8));
  ASSERT_FALSE(unit.ok());
  EXPECT_EQ(unit.error().kind, ErrorKind::kInput);
  const std::string message = unit.error().message();
  for (const std::string part :
       {"posit<8,1> x int8", "t.csv", "posit<8,1> x posit<8,1>", "int8 x int8", "`table_csv`"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(MacTable, WrittenTablesReadBack) {
  const Table placeholder = Table::placeholder();
  const auto rows = placeholder.rows();
  const Table table = read(to_csv(rows, placeholder.source() + "\nsecond line"));
  ASSERT_EQ(table.rows().size(), rows.size());
  for (const MacCost& row : rows) {
    const auto some = table.rows(row.weight, row.activation);
    const auto found = std::find_if(some.begin(), some.end(), [&](const MacCost& each) {
      return each.accumulator == row.accumulator;
    });
    ASSERT_NE(found, some.end());
    EXPECT_EQ(found->unit, row.unit);
    EXPECT_EQ(found->energy_pj, row.energy_pj);
    EXPECT_EQ(found->area_um2, row.area_um2);
    EXPECT_EQ(found->delay_ns, row.delay_ns);
  }
}

// rtl/syn/table.py writes this comment; the hash is of the titles and kIntRow.
TEST(MacTable, RowsThatWereEdited) {
  const std::string rows = kTitles + kIntRow;
  const std::string good =
      "# rows sha256: " + sha256_hex(rows) + "\n# node: 180 nm at 1.8 V\n" + rows;
  EXPECT_EQ(read(good).node(), "180 nm at 1.8 V");
  EXPECT_EQ(read(rows).node(), "");
  std::string bad = good;
  bad.replace(bad.find(",400,"), 5, ",300,");
  EXPECT_NE(refusal(bad).find("edited"), std::string::npos);
  EXPECT_NE(refusal(good + kPositRow).find("edited"), std::string::npos);
  EXPECT_EQ(read(good + "# a comment may follow\n").rows().size(), 1U);
}

TEST(MacTable, MissingUnitsAreToldFromOtherErrors) {
  const Table table = read(kTitles + kIntRow);
  EXPECT_TRUE(is_missing_unit(table.mac(posit(8, 1), posit(8, 1)).error()));
  EXPECT_FALSE(is_missing_unit(Table::from_csv("", "t.csv").error()));
}

}  // namespace
}  // namespace posittune::cost
