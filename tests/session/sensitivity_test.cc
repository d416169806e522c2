// What is found wrong before a model is read, and what holds where nothing is said. The job itself
// is in session_test.cc.

#include "posittune/session/sensitivity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/data/files.h"

namespace posittune::session {
namespace {

using data::is_error;
using quant::ScaleRule;

SensitivityOptions of(const std::vector<std::string>& formats) {
  SensitivityOptions options;
  options.formats = formats;
  return options;
}

void expect_refused(const SensitivityOptions& options, const std::vector<std::string>& parts) {
  const auto checked = check(options);
  ASSERT_FALSE(checked.ok()) << parts.front();
  EXPECT_TRUE(is_error(checked.error(), ErrorKind::kUsage, parts));
}

TEST(SensitivityOptions, DefaultsAreGainsOfWeights) {
  const SensitivityOptions options;
  EXPECT_EQ(options.what, std::vector{sensitivity::Operand::kWeight});
  EXPECT_EQ(options.scales, std::vector{ScaleRule::kMsePow2});
  EXPECT_EQ(options.tier, sensitivity::Tier::kGain);
  EXPECT_EQ(options.measuring.reference, "posit<5,1>");
  EXPECT_EQ(options.precision, 0.1);
  EXPECT_FALSE(options.no_early_stop);
  // Nothing beside the scores of whole layers.
  EXPECT_EQ(options.channels + options.exact_channels + options.mixes + options.upgrade_points, 0U);
}

TEST(SensitivityOptions, CheckedOptionsAreThoseGiven) {
  SensitivityOptions options = of({"int8", "posit<6,*>"});
  options.tier = sensitivity::Tier::kExact;
  const auto checked = check(options);
  ASSERT_TRUE(checked.ok()) << checked.error().message();
  EXPECT_EQ(checked->options().formats, options.formats);
  EXPECT_EQ(checked->options().tier, sensitivity::Tier::kExact);
}

TEST(SensitivityOptions, FormatsThatAreNone) {
  expect_refused(of({"int8", "posit<8,9>"}), {"'posit<8,9>'"});
  SensitivityOptions options = of({"int8"});
  options.measuring.reference = "nothing";
  expect_refused(options, {"'nothing'"});
}

// Where inputs have a scale for each token, rules that search give way to rules that do not.
TEST(SensitivityOptions, ScalesPerTokenTakeWhatTheyCan) {
  SensitivityOptions options = of({"int8"});
  options.what = {sensitivity::Operand::kActivation};
  options.settings.activation_scale = quant::ActivationScale::kToken;
  EXPECT_TRUE(check(options).ok());
}

TEST(SensitivityOptions, WindowsAreScoredBeforeTheyAreMeasured) {
  SensitivityOptions options = of({"int8"});
  options.exact_channels = 3;
  expect_refused(options, {"`exact_channels`", "`channels`"});
  options.channels = 64;
  EXPECT_TRUE(check(options).ok());
}

TEST(SensitivityOptions, MixesAreOfFourToEightBits) {
  SensitivityOptions options = of({"int3", "fp16"});
  options.mixes = 5;
  expect_refused(options, {"`formats`", "4 to 8 bits"});
  options.formats.emplace_back("int4");
  EXPECT_TRUE(check(options).ok());
}

TEST(SensitivityOptions, UpgradesGoToMoreBits) {
  SensitivityOptions options = of({"int8"});
  options.upgrade_points = 4;
  EXPECT_TRUE(check(options).ok());  // posit<4,1> to posit<5,1>
  options.upgrade_from = "int5";
  expect_refused(options, {"more bits", "int5 to posit<5,1>"});
  options.upgrade_from = "nothing";
  expect_refused(options, {"'nothing'"});
  options.upgrade_points = 0;  // not asked for, and looked at all the same
  expect_refused(options, {"`upgrade_from`", "'nothing'"});
}

}  // namespace
}  // namespace posittune::session
