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
  EXPECT_EQ(options.what, (std::vector{Operands::kWeights, Operands::kWeightsAndInputs}));
  EXPECT_EQ(options.scales, (std::vector{ScaleRule::kRmsPow2, ScaleRule::kMsePow2}));
  EXPECT_EQ(options.accumulate, quant::Accumulate::kFp32);
  CompareOptions with_recipes{.recipes = {"a.yaml"}};
  ASSERT_TRUE(read(CompareWords{}, with_recipes));
  EXPECT_EQ(with_recipes.formats, Texts{"fp32"});
}

TEST(Words, CompareIsRead) {
  CompareOptions options{.batch = 3};
  CompareWords words{.formats = {"int8,posit<6,*>"}, .what = {"wa"}, .accumulate = "quire"};
  words.settings.activation_scale = "token";
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.formats, (Texts{"int8", "posit<6,*>"}));
  EXPECT_EQ(options.what, std::vector{Operands::kWeightsAndInputs});
  EXPECT_EQ(options.scales, (std::vector{ScaleRule::kAbsmax, ScaleRule::kRmsPow2}));
  EXPECT_EQ(options.accumulate, quant::Accumulate::kQuire);
  EXPECT_EQ(options.settings.activation_scale, quant::ActivationScale::kToken);
  EXPECT_EQ(options.batch, 3U);
  words.scales = {"mse"};
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.scales, std::vector{ScaleRule::kMse});
}

TEST(Words, CompareIsRefused) {
  EXPECT_NE(refused<CompareOptions>(CompareWords{.what = {"a"}}).find("w or wa"),
            std::string::npos);
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
  EXPECT_FALSE(options.inputs);
  EXPECT_EQ(options.scale, ScaleRule::kMsePow2);
  EXPECT_TRUE(options.budgets.empty());
  SearchWords words{.formats = {"int4", "int8"}, .what = "wa", .scale = "mse", .max_drop = "1%"};
  words.budgets[tuning::Cost::kBits] = {"4.5", "5"};
  ASSERT_TRUE(read(words, options));
  EXPECT_EQ(options.formats, (Texts{"int4", "int8"}));
  EXPECT_TRUE(options.inputs);
  EXPECT_EQ(options.scale, ScaleRule::kMse);
  ASSERT_EQ(options.budgets.size(), 2U);
  EXPECT_EQ(options.budgets[1].amount, 5);
  EXPECT_DOUBLE_EQ(options.max_drop.value(), 0.01);
}

TEST(Words, SearchIsRefused) {
  EXPECT_NE(refused<SearchOptions>(SearchWords{.what = "a"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.scale = "most"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.activation_rule = "most"}), "");
  EXPECT_NE(refused<SearchOptions>(SearchWords{.max_drop = "all"}), "");
  SearchWords words;
  words.budgets[tuning::Cost::kBits] = {"few"};
  EXPECT_NE(refused<SearchOptions>(words), "");
}

}  // namespace
}  // namespace posittune::session
