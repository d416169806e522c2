#include "posittune/report/table.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

TEST(Table, AlignsAndPads) {
  Table table({{"format"}, {"bits", Align::kRight}, {"scale"}});
  table.add_row({"posit<8,1>", "8.03", "rms_pow2"});
  table.add_row({"fp32", "32", "none"});
  EXPECT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(),
            "format      bits  scale\n"
            "posit<8,1>  8.03  rms_pow2\n"
            "fp32          32  none\n");
}

TEST(Table, TitlesWithoutRows) {
  EXPECT_EQ(Table({{"a"}, {"b", Align::kRight}}).text(), "a  b\n");
  EXPECT_EQ(Table({}).text(), "\n");
}

TEST(Table, MissingAndSurplusCells) {
  Table table({{"a"}, {"b"}});
  table.add_row({"1"});
  table.add_row({"1", "2", "3"});
  table.add_row({});
  EXPECT_EQ(table.text(), "a  b\n1\n1  2\n\n");
}

TEST(Table, WideAndCombiningCharacters) {
  Table table({{"layer"}, {"x"}});
  table.add_row({"\xe5\xb1\x82\xe5\xb1\x82\xe5\xb1\x82", "y"});  // six columns
  table.add_row({"e\xcc\x81", "z"});                             // one
  EXPECT_EQ(table.text(),
            "layer   x\n\xe5\xb1\x82\xe5\xb1\x82\xe5\xb1\x82  y\ne\xcc\x81       z\n");
}

TEST(Table, OneCodePointIsOnePlace) {
  Table table({{"kl", Align::kRight}, {"x"}});
  table.add_row({"0.1 \xc2\xb1 0.2", "y"});  // plus-minus
  table.add_row({"0.1 + 0.25", "z"});
  EXPECT_EQ(table.text(),
            "        kl  x\n"
            " 0.1 \xc2\xb1 0.2  y\n"
            "0.1 + 0.25  z\n");
}

TEST(Table, ControlCharactersDoNotReachTheTerminal) {
  Table table({{"layer"}, {"x"}});
  table.add_row({"a\n\x1b[31mb\x7f", "y"});
  EXPECT_EQ(table.text(), "layer               x\na\\x0a\\x1b[31mb\\x7f  y\n");
}

}  // namespace
}  // namespace posittune::report
