#include "posittune/session/settings.h"

#include <gtest/gtest.h>

#include "posittune/session/compare.h"
#include "posittune/session/cost.h"
#include "posittune/session/search.h"
#include "posittune/session/sensitivity.h"

namespace posittune::session {
namespace {

TEST(Settings, WordsBecomeASetting) {
  auto settings = parse_settings({.granularity = "group:32",
                                  .rounding = "compensated",
                                  .activation_scale = "output",
                                  .input_weighted = true});
  ASSERT_TRUE(settings.ok()) << settings.error().message();
  EXPECT_EQ(settings->weight.granularity, quant::Granularity::kGroup);
  EXPECT_EQ(settings->weight.group, 32U);
  EXPECT_EQ(quant::granularity_text(settings->weight), "group:32");
  EXPECT_EQ(settings->weight.rounding, quant::Rounding::kCompensated);
  EXPECT_EQ(settings->activation_scale, quant::ActivationScale::kOutput);
  EXPECT_TRUE(settings->weight.input_weighted);
  EXPECT_FALSE(settings->weight.bias_correction);
}

// One set for all jobs: see settings.h.
TEST(Settings, WordsAndValuesHaveTheSameDefaults) {
  const auto words = parse_settings({});
  ASSERT_TRUE(words.ok()) << words.error().message();
  EXPECT_EQ(words->weight, Settings{}.weight);
  EXPECT_EQ(words->activation_scale, Settings{}.activation_scale);
  const CompareOptions compare;
  const SensitivityOptions sensitivity;
  const SearchOptions search;
  const CostOptions cost;
  for (const Settings* of :
       {&compare.settings, &sensitivity.settings, &search.settings, &cost.settings}) {
    EXPECT_EQ(of->weight, Settings{}.weight);
    EXPECT_EQ(of->weight.granularity, quant::Granularity::kChannel);
    EXPECT_EQ(of->weight.rounding, quant::Rounding::kNearest);
    EXPECT_FALSE(of->weight.input_weighted);
    EXPECT_EQ(of->activation_scale, quant::ActivationScale::kStatic);
  }
}

TEST(Settings, UnknownWordsAreRefused) {
  EXPECT_EQ(parse_settings({.granularity = "row"}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(parse_settings({.rounding = "up"}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(parse_settings({.activation_scale = "dynamic"}).error().kind, ErrorKind::kUsage);
}

TEST(Settings, FormatsOfRowsNeedAScaleForEach) {
  Settings settings{.weight = {.format = {}, .granularity = quant::Granularity::kTensor}};
  EXPECT_FALSE(weight_setting(settings, "posit<6,*>", quant::ScaleRule::kMsePow2).ok());
  settings.weight.granularity = quant::Granularity::kChannel;
  auto setting = weight_setting(settings, "posit<6,*>", quant::ScaleRule::kMsePow2);
  ASSERT_TRUE(setting.ok()) << setting.error().message();
  EXPECT_EQ(setting->alternatives.size(), 2U);
  EXPECT_EQ(setting->rule, quant::ScaleRule::kMsePow2);
}

TEST(Settings, RulesAreTakenOnce) {
  EXPECT_EQ(parse_rules({"mse", "absmax", "mse"}).value().size(), 2U);
  EXPECT_EQ(parse_rules({"best"}).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::session
