#include "posittune/session/words.h"

#include <gtest/gtest.h>

namespace posittune::session {
namespace {

using Texts = std::vector<std::string>;
using quant::ScaleRule;

// The message of what is refused, "" where nothing is.
template <class Options, class Words>
std::string refused(const Words& words) {
  static Options options;
  const Status read_them = read(words, options);
  if (read_them) return "";
  EXPECT_EQ(read_them.error().kind, ErrorKind::kUsage);
  return read_them.error().message();
}

TEST(Words, CompareDefaults) {
  CompareOptions options;
  ASSERT_TRUE(read(CompareWords{}, options));
  EXPECT_EQ(options.formats.size(), 8U);
  EXPECT_EQ(options.formats[5], "posit<8,1>");
  EXPECT_EQ(options.what, (std::vector{Operand::kWeight, Operand::kBoth}));
  EXPECT_EQ(options.scales, (std::vector{ScaleRule::kRmsPow2, ScaleRule::kMsePow2}));
  EXPECT_EQ(options.accumulate, quant::Accumulate::kFp32);
  CompareOptions with_recipes{.recipes = {"a.yaml"}};
  ASSERT_TRUE(read(CompareWords{}, with_recipes));
  EXPECT_EQ(with_recipes.formats, Texts{"fp32"});
}

TEST(Words, CompareIsRead) {
  CompareOptions options{.measuring = {.batch = 3}};
  CompareWords words{.formats = {"int8,posit<6,*>"}, .what = {"wa"}, .accumulate = "quire"};
  words.settings.activation_scale = "token";
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.formats, (Texts{"int8", "posit<6,*>"}));
  EXPECT_EQ(options.what, std::vector{Operand::kBoth});
  EXPECT_EQ(options.scales, (std::vector{ScaleRule::kAbsmax, ScaleRule::kRmsPow2}));
  EXPECT_EQ(options.accumulate, quant::Accumulate::kQuire);
  EXPECT_EQ(options.settings.activation_scale, quant::ActivationScale::kToken);
  EXPECT_EQ(options.measuring.batch, 3U);
  words.scales = {"mse"};
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.scales, std::vector{ScaleRule::kMse});
}

TEST(Words, CompareIsRefused) {
  EXPECT_NE(refused<CompareOptions>(CompareWords{.what = {"x"}}).find("`what`"), std::string::npos);
  EXPECT_NE(refused<CompareOptions>(CompareWords{.accumulate = "fp64"}).find("quire"),
            std::string::npos);
  EXPECT_NE(refused<CompareOptions>(CompareWords{.scales = {"most"}}), "");
  CompareWords words;
  words.settings.granularity = "row";
  EXPECT_NE(refused<CompareOptions>(words), "");
}

TEST(Words, Sensitivity) {
  SensitivityOptions options;
  ASSERT_TRUE(read(SensitivityWords{}, options));
  EXPECT_EQ(options.formats.size(), 12U);
  EXPECT_EQ(options.what, std::vector{sensitivity::Operand::kWeight});
  EXPECT_EQ(options.tier, sensitivity::Tier::kGain);
  ASSERT_TRUE(read(SensitivityWords{.formats = {"int4"}, .what = {"a", "wa", "a"}, .tier = "exact"},
                   options));
  EXPECT_EQ(options.formats, Texts{"int4"});
  EXPECT_EQ(options.what,
            (std::vector{sensitivity::Operand::kActivation, sensitivity::Operand::kBoth}));
  EXPECT_EQ(options.tier, sensitivity::Tier::kExact);
  EXPECT_NE(refused<SensitivityOptions>(SensitivityWords{.what = {"x"}}), "");
  EXPECT_NE(refused<SensitivityOptions>(SensitivityWords{.tier = "best"}), "");
}

TEST(Words, Search) {
  SearchOptions options;
  ASSERT_TRUE(read(SearchWords{}, options));
  EXPECT_EQ(options.formats.size(), 15U);
  EXPECT_EQ(options.activations.size(), 9U);
  EXPECT_EQ(options.what, Operand::kWeight);
  EXPECT_EQ(options.scale, ScaleRule::kMsePow2);
  EXPECT_TRUE(options.budgets.empty());
  SearchWords words{.formats = {"int4", "int8"}, .what = "wa", .scale = "mse", .max_drop = "1%"};
  words.budgets[tuning::Cost::kBits] = {"4.5", "5"};
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.formats, (Texts{"int4", "int8"}));
  EXPECT_EQ(options.what, Operand::kBoth);
  EXPECT_EQ(options.scale, ScaleRule::kMse);
  ASSERT_EQ(options.budgets.size(), 2U);
  EXPECT_EQ(options.budgets[1].amount, 5);
  EXPECT_DOUBLE_EQ(options.max_drop.value(), 0.01);
}

TEST(Words, SearchIsRefused) {
  EXPECT_NE(refused<SearchOptions>(SearchWords{.what = "x"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.scale = "most"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.activation_rule = "most"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.max_drop = "all"}), "");
  SearchWords words;
  words.budgets[tuning::Cost::kBits] = {"few"};
  EXPECT_NE(refused<SearchOptions>(words), "");
}

// A choice that would change nothing is refused, in each job and language.
TEST(Words, SettingsOfInputsNeedInputs) {
  const auto unused = [](const std::string& message, const std::string& field) {
    EXPECT_NE(message.find("changes nothing\n  where: `" + field), std::string::npos) << message;
  };
  SettingsText token;
  token.activation_scale = "token";
  unused(refused<CompareOptions>(CompareWords{.what = {"w"}, .settings = token}),
         "activation_scale=token");
  unused(refused<SensitivityOptions>(SensitivityWords{.settings = token}), "activation_scale");
  unused(refused<SearchOptions>(SearchWords{.settings = token}), "activation_scale");
  unused(refused<SearchOptions>(SearchWords{.activations = {"int8"}}), "activations=int8");
  unused(refused<SearchOptions>(SearchWords{.pairs = {"same"}}), "pairs=same");
  unused(refused<SearchOptions>(SearchWords{.activation_rule = "mse"}), "activation_rule");
  SearchWords bits;
  bits.budgets[tuning::Cost::kActivationBits] = {"8"};
  unused(refused<SearchOptions>(bits), "activation_bits=8");
  bits.what = "wa";
  EXPECT_EQ(refused<SearchOptions>(bits), "");
  EXPECT_EQ(refused<SensitivityOptions>(SensitivityWords{.what = {"a"}, .settings = token}), "");
}

TEST(Words, EachErrorHasItsField) {
  const auto names = [](const std::string& message, const std::string& field) {
    EXPECT_NE(message.find("  where: `" + field + "`"), std::string::npos) << message;
  };
  names(refused<CompareOptions>(CompareWords{.score = {.task = "dance"}}), "task");
  names(refused<CompareOptions>(CompareWords{.score = {.scores = "odds"}}), "scores");
  names(refused<CompareOptions>(CompareWords{.scales = {"most"}}), "scales");
  names(refused<SensitivityOptions>(SensitivityWords{.tier = "best"}), "tier");
  names(refused<SensitivityOptions>(SensitivityWords{.what = {"x"}}), "what");
  names(refused<SearchOptions>(SearchWords{.scale = "most"}), "scale");
  names(refused<SearchOptions>(SearchWords{.what = "wa", .activation_rule = "most"}),
        "activation_rule");
  names(refused<CostOptions>(CostWords{.formats = {"int99"}}), "formats");
  names(refused<CostOptions>(CostWords{.activations = "int99"}), "activations");
  for (const char* field : {"granularity", "rounding", "activation_scale"}) {
    CompareWords words;
    for (const SettingEntry& entry : setting_entries()) {
      if (entry.name == std::string(field)) words.settings.*entry.text = "?";
    }
    names(refused<CompareOptions>(words), field);
  }
}

TEST(Words, ACheckOfScores) {
  SensitivityOptions options{.mixes = 3};
  ASSERT_TRUE(read(SensitivityWords{.check = true}, options));
  EXPECT_EQ(options.tier, sensitivity::Tier::kExact);
  EXPECT_EQ(options.mixes, 3U);  // given
  EXPECT_EQ(options.upgrade_points, 8U);
  EXPECT_EQ(options.naive, 4U);
}

TEST(Words, WhatIsScored) {
  CompareOptions options;
  ASSERT_TRUE(read(CompareWords{}, options));
  EXPECT_FALSE(options.scores.task || options.scores.scores);
  ASSERT_TRUE(read(CompareWords{.score = {.task = "segment", .scores = "sigmoid"}}, options));
  EXPECT_EQ(options.scores.task, metrics::Task::kSegment);
  EXPECT_EQ(options.scores.scores, metrics::ScoreKind::kSigmoid);
}

TEST(Words, Cost) {
  CostOptions options;
  ASSERT_TRUE(read(CostWords{}, options));
  EXPECT_EQ(options.formats.size(), 14U);
  EXPECT_FALSE(options.activations);
  EXPECT_EQ(options.table.source, TableSource::kAny);
  CostWords words{.formats = {"int8,p8e1"}, .activations = "int4", .table = "rtl"};
  words.settings.granularity = "tensor";
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.formats, (std::vector{formats::integer(8), *formats::parse_format("p8e1")}));
  EXPECT_EQ(options.activations, formats::integer(4));
  EXPECT_EQ(options.settings.weight.granularity, quant::Granularity::kTensor);
  EXPECT_EQ(options.table.source, TableSource::kRtl);
  ASSERT_TRUE(read(CostWords{.table = "placeholder"}, options));
  EXPECT_EQ(options.table.source, TableSource::kPlaceholder);
  ASSERT_TRUE(read(CostWords{.table = "my.csv"}, options));
  EXPECT_EQ(options.table.source, TableSource::kFile);
  EXPECT_EQ(options.table.file, "my.csv");
  CostOptions recipe{.recipe = "a.yaml"};
  EXPECT_TRUE(read(CostWords{}, recipe));
  EXPECT_EQ(read(CostWords{.formats = {"int8"}}, recipe).error().what,
            "`recipe` and `formats` name two things to cost");
  EXPECT_FALSE(read(CostWords{.activations = "int8"}, recipe));
}

}  // namespace
}  // namespace posittune::session
