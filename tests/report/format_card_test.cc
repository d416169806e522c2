#include "posittune/report/format_card.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

TEST(FormatCard, FamiliesAndBits) {
  EXPECT_EQ(family_name(format("posit<8,1>")), "posit");
  EXPECT_EQ(family_name(format("fp8_e4m3")), "float");
  EXPECT_EQ(family_name(format("int8")), "int");
  EXPECT_EQ(family_name(format("mxfp8")), "mx");
  EXPECT_EQ(binary(0b1010, 6), "001010");
}

TEST(FormatCard, ALineForEachFact) {
  const std::string posit = card(format("posit<8,1>"));
  for (const char* fact : {"posit<8,1>\n", "largest            2^12\n", "zero               one",
                           "NaR = 10000000", "saturates at maxpos"})
    EXPECT_NE(posit.find(fact), posit.npos) << fact << posit;
  EXPECT_NE(card(format("posit<8,1>ftz")).find("(NON-STANDARD)"), posit.npos);
  EXPECT_NE(card(format("mxint8")).find("shared scale"), posit.npos);
}

TEST(FormatCard, ALineForEachFormat) {
  const std::string table = format_table({format("int8"), format("posit<6,1>")});
  EXPECT_NE(table.find("\nint8 "), table.npos);
  EXPECT_NE(table.find("\nposit<6,1> "), table.npos);
}

TEST(FormatCard, AccuracyIsALineForEachFormat) {
  const std::string svg = accuracy_plot({format("posit<8,1>"), format("int8")});
  EXPECT_NE(svg.find("posit&lt;8,1&gt;"), svg.npos);
  EXPECT_NE(svg.find("int8"), svg.npos);
}

}  // namespace
}  // namespace posittune::report
