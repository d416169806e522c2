// What is found wrong before a model is read, and what holds where nothing is said. What options
// stand for is in search_choices_test.cc, the job itself in session_test.cc.

#include "posittune/session/search.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::session {
namespace {

using data::is_error;
using quant::ScaleRule;
using tuning::Cost;

SearchOptions front_of(const std::vector<std::string>& formats) {
  SearchOptions options;
  options.formats = formats;
  options.pareto = 3;
  return options;
}
tuning::Budget budget(Cost cost, const char* text) {
  return tuning::parse_budget(cost, text).value();
}

void expect_refused(const SearchOptions& options, const std::vector<std::string>& parts) {
  const auto checked = check(options);
  ASSERT_FALSE(checked.ok()) << parts.front();
  EXPECT_TRUE(is_error(checked.error(), ErrorKind::kUsage, parts));
}

TEST(ParseDrop, PartsAndPercent) {
  EXPECT_DOUBLE_EQ(parse_drop("1%").value(), 0.01);
  EXPECT_DOUBLE_EQ(parse_drop("100%").value(), 1);
  EXPECT_DOUBLE_EQ(parse_drop("0.02").value(), 0.02);
  EXPECT_DOUBLE_EQ(parse_drop("0").value(), 0);
  for (const char* wrong : {"", "%", "1", "-1%", "101%", "nan", "1 %", "0.01x"}) {
    const auto drop = parse_drop(wrong);
    ASSERT_FALSE(drop.ok()) << wrong;
    EXPECT_TRUE(is_error(drop.error(), ErrorKind::kUsage, {"`max_drop`", "1% or 0.01"}));
    EXPECT_EQ(drop.error().found, wrong);
  }
}

TEST(SearchOptions, DefaultsAreWeightsAloneAndTheReportSplit) {
  const SearchOptions options;
  EXPECT_EQ(options.what, sensitivity::Operand::kWeight);
  EXPECT_FALSE(options.tie_inputs || options.baselines || options.no_report);
  EXPECT_EQ(options.scale, ScaleRule::kMsePow2);
  EXPECT_EQ(options.activation_rule, ScaleRule::kMsePow2);
  EXPECT_EQ(options.windows, 0U);
  EXPECT_EQ(options.measuring.reference, "posit<5,1>");
  EXPECT_EQ(options.gap, 1e-9);
  EXPECT_FALSE(options.gain_items.has_value() || options.max_drop.has_value());
  EXPECT_TRUE(options.budgets.empty() && options.table.source == TableSource::kAny);
}

TEST(SearchOptions, CheckedOptionsAreThoseGiven) {
  const auto checked = check(front_of({"int4", "int8"}));
  ASSERT_TRUE(checked.ok()) << checked.error().message();
  EXPECT_EQ(checked->options().formats, (std::vector<std::string>{"int4", "int8"}));
  EXPECT_EQ(checked->options().pareto, 3U);
}

TEST(SearchOptions, AnAimIsNeeded) {
  SearchOptions options = front_of({"int4"});
  options.pareto = 0;
  expect_refused(options, {"nothing to search for", "`bits`", "`size`", "`activation_bits`",
                           "`mac_bits`", "`energy`", "`area`", "`max_drop`", "`pareto`"});
  options.max_drop = 0.01;
  EXPECT_TRUE(check(options).ok());
  options.max_drop.reset();
  options.budgets = {budget(Cost::kBits, "5")};
  EXPECT_TRUE(check(options).ok());
}

TEST(SearchOptions, OneCostMayHaveSeveralBudgets) {
  SearchOptions options = front_of({"int4"});
  options.budgets = {budget(Cost::kBits, "5"), budget(Cost::kBits, "6"),
                     budget(Cost::kSize, "1MB")};
  EXPECT_TRUE(check(options).ok());
  options.budgets.push_back(budget(Cost::kSize, "2MB"));
  expect_refused(options, {"two lists of budgets", "`bits` and `size`"});
}

TEST(SearchOptions, FormatsThatAreNone) {
  for (auto field : {&SearchOptions::formats, &SearchOptions::assign}) {
    SearchOptions options = front_of({"int4"});
    (options.*field)
        .emplace_back(field == &SearchOptions::assign ? "head=posit<8,9>" : "posit<8,9>");
    expect_refused(options, {"'posit<8,9>'"});
  }
  SearchOptions options = front_of({"int4"});
  options.measuring.reference = "nothing";
  expect_refused(options, {"'nothing'"});
}

TEST(SearchOptions, PinsAndPairsHaveTheirForm) {
  SearchOptions options = front_of({"int4"});
  options.assign = {"head"};
  expect_refused(options, {"head"});
  options = front_of({"int4"});
  options.what = sensitivity::Operand::kBoth;
  options.activations = {"int8"};
  options.pairs = {"int4"};
  expect_refused(options, {"`pairs`", "WEIGHT/ACTIVATION", "int4"});
  options.pairs = {"int4/int8"};
  EXPECT_TRUE(check(options).ok());
}

// Without inputs nothing is asked of activations and pairs.
TEST(SearchOptions, InputsAreLookedAtWhereTheyAreSearched) {
  SearchOptions options = front_of({"int4"});
  options.activations = {"nothing"};
  EXPECT_TRUE(check(options).ok());
  options.what = sensitivity::Operand::kBoth;
  expect_refused(options, {"'nothing'"});
}

TEST(SearchOptions, TheTableIsRead) {
  const TemporaryFolder folder;
  SearchOptions options = front_of({"int4"});
  options.table = {.source = TableSource::kFile, .file = folder.file("none.csv")};
  const auto checked = check(options);
  ASSERT_FALSE(checked.ok());
  EXPECT_NE(checked.error().message().find("none.csv"), std::string::npos);
}

}  // namespace
}  // namespace posittune::session
