#include "posittune/quant/weight_format.h"

#include <gtest/gtest.h>

namespace posittune::quant {
namespace {

formats::Format format(const std::string& name) { return formats::parse_format(name).value(); }

std::vector<std::string> names(const WeightSetting& setting) {
  std::vector<std::string> all = {formats::name(setting.format)};
  for (const auto& each : setting.alternatives) all.push_back(formats::name(each));
  return all;
}

struct Spelling {
  const char* text;
  std::vector<std::string> formats;
  const char* canonical;
};

TEST(WeightFormat, Spellings) {
  using Names = std::vector<std::string>;
  for (const Spelling& each :
       {Spelling{"posit<6,1>", Names{"posit<6,1>"}, "posit<6,1>"},
        Spelling{"INT8", Names{"int8"}, "int8"}, Spelling{"mxfp4", Names{"mxfp4_e2m1"}, nullptr},
        Spelling{"posit<6,*>", Names{"posit<6,0>", "posit<6,1>", "posit<6,2>"}, "posit<6,*>"},
        Spelling{"p6e*", Names{"posit<6,0>", "posit<6,1>", "posit<6,2>"}, "posit<6,*>"},
        Spelling{"posit<6,*>ftz", Names{"posit<6,0>ftz", "posit<6,1>ftz", "posit<6,2>ftz"},
                 "posit<6,*>ftz"},
        Spelling{"posit<6,0>|posit<6,1>|posit<6,2>",
                 Names{"posit<6,0>", "posit<6,1>", "posit<6,2>"}, "posit<6,*>"},
        Spelling{"posit<6,1>|posit<6,0>|posit<6,2>",
                 Names{"posit<6,1>", "posit<6,0>", "posit<6,2>"},
                 "posit<6,1>|posit<6,0>|posit<6,2>"},
        Spelling{"posit<6,*>|int6", Names{"posit<6,0>", "posit<6,1>", "posit<6,2>", "int6"},
                 "posit<6,0>|posit<6,1>|posit<6,2>|int6"},
        Spelling{"int4 | p4e1", Names{"int4", "posit<4,1>"}, "int4|posit<4,1>"}}) {
    WeightSetting setting{
        .format = format("int8"), .rule = ScaleRule::kMse, .alternatives = {format("posit<8,1>")}};
    const Status parsed = parse_weight_format(each.text, setting);
    ASSERT_TRUE(parsed.ok()) << each.text << "\n" << parsed.error().message();
    if (each.canonical != nullptr) {
      EXPECT_EQ(names(setting), each.formats) << each.text;
      EXPECT_EQ(format_text(setting), each.canonical);
    }
    EXPECT_EQ(setting.rule, ScaleRule::kMse);  // the rest stays
    WeightSetting back = setting;
    ASSERT_TRUE(parse_weight_format(format_text(setting), back).ok());
    EXPECT_EQ(back, setting) << each.text;
  }
}

TEST(WeightFormat, EveryKnownFormatIsItsOwnName) {
  for (const formats::Format& known : formats::known_formats()) {
    WeightSetting setting;
    ASSERT_TRUE(parse_weight_format(formats::name(known), setting).ok()) << formats::name(known);
    EXPECT_EQ(setting, (WeightSetting{.format = known}));
    EXPECT_EQ(format_text(setting), formats::name(known));
  }
}

struct Bad {
  const char* text;
  const char* part;  // of the message
};

TEST(WeightFormat, Errors) {
  for (const Bad& bad :
       {Bad{"", "unknown format"}, Bad{"posit<6,9>", "posit<6,9>"},
        Bad{"posit<6,1>|", "unknown format"}, Bad{"|int4", "unknown format"},
        Bad{"posit<6,1>|intsix", "intsix"}, Bad{"int*", "'*'"}, Bad{"posit<*,1>", "'*'"},
        Bad{"*", "'*'"}, Bad{"posit<6,**>", "'*'"}, Bad{"posit<6,1>|posit<8,1>", "6 bits"},
        Bad{"int6|int8", "int8"}, Bad{"posit<6,*>|posit<6,1>", "twice"}, Bad{"int4|int4", "int4"},
        Bad{"mxint8|int8", "MX"}, Bad{"int8|mxint8", "MX"}}) {
    WeightSetting setting{.format = format("int8")};
    const Status parsed = parse_weight_format(bad.text, setting);
    ASSERT_FALSE(parsed.ok()) << bad.text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage) << bad.text;
    EXPECT_NE(parsed.error().message().find(bad.part), std::string::npos)
        << bad.text << "\n"
        << parsed.error().message();
    EXPECT_EQ(setting, (WeightSetting{.format = format("int8")})) << bad.text;
  }
}

TEST(WeightFormat, RoundingText) {
  WeightSetting setting;
  EXPECT_EQ(rounding_text(setting), "");
  setting.bias_correction = true;
  EXPECT_EQ(rounding_text(setting), "bias");
  setting.rounding = Rounding::kCompensated;
  EXPECT_EQ(rounding_text(setting), "compensated+bias");
  setting.bias_correction = false;
  EXPECT_EQ(rounding_text(setting), "compensated");
}

}  // namespace
}  // namespace posittune::quant
