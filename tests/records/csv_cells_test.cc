#include "posittune/records/csv_cells.h"

#include <gtest/gtest.h>

#include <limits>

namespace posittune::records {

struct Line {
  std::string text;
  std::uint64_t count = 0;
  double number = 0;
};
template <>
struct FieldsOf<Line> {
  static constexpr std::tuple kList{Field{"text", &Line::text}, Field{"count", &Line::count},
                                    Field{"number", &Line::number}};
};

namespace {

TEST(CsvCells, AreQuotedWhereTheyHaveTo) {
  EXPECT_EQ(csv_cell(std::string("int8")), "int8");
  EXPECT_EQ(csv_cell(std::string()), "");
  EXPECT_EQ(csv_cell(std::string("posit<8,1>")), "\"posit<8,1>\"");
  EXPECT_EQ(csv_cell(std::string("say \"x\"")), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_cell(std::string("a\nb")), "\"a\nb\"");
  EXPECT_EQ(csv_cell(std::string("a\rb")), "\"a\rb\"");
  EXPECT_EQ(csv_cell(std::string(" a b ")), " a b ");
}

TEST(CsvCells, Numbers) {
  EXPECT_EQ(csv_cell(std::uint64_t{18446744073709551615U}), "18446744073709551615");
  EXPECT_EQ(csv_cell(0.1), "0.1");
  EXPECT_EQ(csv_cell(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(csv_cell(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(CsvTable, TitlesAndALineForEachRow) {
  EXPECT_EQ(csv_table(std::vector<Line>{}), "text,count,number\n");
  EXPECT_EQ(csv_table(std::vector<Line>{{"a,b", 2, 0.5}, {"", 0, -1}}),
            "text,count,number\n\"a,b\",2,0.5\n,0,-1\n");
}

}  // namespace
}  // namespace posittune::records
