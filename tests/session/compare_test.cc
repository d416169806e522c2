// What is found wrong before a model is read, and what holds where nothing is said. The job itself
// is in session_test.cc.

#include "posittune/session/compare.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::session {
namespace {

using data::is_error;
using quant::ScaleRule;

CompareOptions of(const std::vector<std::string>& formats) { return {.formats = formats}; }

void expect_refused(const CompareOptions& options, const std::vector<std::string>& parts) {
  const auto checked = check(options);
  ASSERT_FALSE(checked.ok()) << parts.front();
  EXPECT_TRUE(is_error(checked.error(), ErrorKind::kUsage, parts));
}

TEST(Compare, DefaultsAreBothOperandsUnderTwoRules) {
  const CompareOptions options;
  EXPECT_EQ(options.what, (std::vector{Operand::kWeight, Operand::kBoth}));
  EXPECT_EQ(options.scales, (std::vector{ScaleRule::kRmsPow2, ScaleRule::kMsePow2}));
  EXPECT_EQ(options.accumulate, quant::Accumulate::kFp32);
  EXPECT_EQ(options.measuring.batch, 0U);
  EXPECT_EQ(options.measuring.resamples, 1000U);
  EXPECT_TRUE(options.recipes.empty() && options.save_outputs.empty());
}

TEST(Compare, CheckedOptionsAreThoseGiven) {
  CompareOptions options = of({"int8", "posit<6,*>"});
  options.measuring.seed = 7;
  const auto checked = check(options);
  ASSERT_TRUE(checked.ok()) << checked.error().message();
  EXPECT_EQ(checked->options().formats, options.formats);
  EXPECT_EQ(checked->options().measuring.seed, 7U);
}

TEST(Compare, FormatsThatAreNone) {
  for (const char* format : {"posit<8,9>", "int1", "", "fp32,int8"})
    expect_refused(of({"int8", format}), {std::string("'") + format + "'"});
  expect_refused(of({"posit<*,1>"}), {"'*' stands for the es", "posit<*,1>"});
}

TEST(Compare, FormatsOfRowsNeedAScaleForEach) {
  CompareOptions options = of({"posit<6,*>"});
  options.settings.weight.granularity = quant::Granularity::kTensor;
  expect_refused(options, {"channel"});
}

TEST(Compare, GroupsHoldWholeBlocks) {
  CompareOptions options = of({"int8", "mxfp4"});
  options.settings.weight.granularity = quant::Granularity::kGroup;
  options.settings.weight.group = 48;
  expect_refused(options, {"`granularity`", "mxfp4", "a multiple of 32", "48"});
  options.settings.weight.group = 64;
  EXPECT_TRUE(check(options).ok());
}

// Inputs alone have scales of tokens.
TEST(Compare, AScalePerTokenIsNotSearchedFor) {
  CompareOptions options = of({"int8"});
  options.settings.activation_scale = quant::ActivationScale::kToken;
  expect_refused(options, {"`activation_scale=token`", "`scales`", "absmax", "mse_pow2"});
  options.scales = {ScaleRule::kAbsmax, ScaleRule::kRmsPow2};
  EXPECT_TRUE(check(options).ok());
  options.scales = {ScaleRule::kMse};
  options.what = {Operand::kWeight};
  EXPECT_TRUE(check(options).ok());
}

TEST(Compare, RecipesAreReadAndToldApartByName) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("other"));
  CompareOptions options;
  options.recipes = {folder.file("a.yaml")};
  EXPECT_FALSE(check(options).ok());
  quant::Recipe recipe;
  write_bytes(folder.file("a.yaml"), quant::to_yaml(recipe));
  EXPECT_TRUE(check(options).ok());
  // The same recipe once more is one; another one of that name is not.
  options.recipes.push_back(folder.file("other/a.yaml"));
  write_bytes(folder.file("other/a.yaml"), quant::to_yaml(recipe));
  EXPECT_TRUE(check(options).ok());
  recipe.accumulate = quant::Accumulate::kQuire;
  write_bytes(folder.file("other/a.yaml"), quant::to_yaml(recipe));
  expect_refused(options, {"`recipes=" + folder.file("other/a.yaml") + "`", "two recipes"});
}

}  // namespace
}  // namespace posittune::session
