#include "posittune/tuning/budgets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace posittune::tuning {
namespace {

TEST(Budgets, AreParsedInTheirUnits) {
  const auto amount = [](Cost cost, const char* text) {
    const auto budget = parse_budget(cost, text);
    EXPECT_TRUE(budget.ok()) << text;
    return budget.ok() ? budget->amount : 0;
  };
  EXPECT_EQ(amount(Cost::kBits, "4.5"), 4.5);
  EXPECT_EQ(amount(Cost::kSize, "60MB"), 60e6);
  EXPECT_EQ(amount(Cost::kSize, "1.5GiB"), 1.5 * (1 << 30));
  EXPECT_EQ(amount(Cost::kSize, "4096"), 4096);
  EXPECT_EQ(amount(Cost::kEnergy, "2.5mJ"), 2.5e9);
  EXPECT_EQ(amount(Cost::kEnergy, "70pJ"), 70);
  EXPECT_EQ(amount(Cost::kArea, "900um2"), 900);
}

TEST(Budgets, EachCostHasItsEntry) {
  std::set<std::string_view> names;
  for (const Cost cost : all_costs()) {
    EXPECT_TRUE(names.insert(name(cost)).second) << name(cost);
    EXPECT_FALSE(traits(cost).help.empty()) << name(cost);
    EXPECT_TRUE(parse_budget(cost, "0.5x").ok()) << name(cost);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Cost::kCount));
  EXPECT_TRUE(traits(Cost::kEnergy).priced && traits(Cost::kArea).priced);
  EXPECT_TRUE(traits(Cost::kBits).stored && traits(Cost::kSize).stored);
  EXPECT_TRUE(traits(Cost::kActivationBits).inputs_alone);
}

TEST(Budgets, EnergiesNeedAUnit) {
  const auto bare = parse_budget(Cost::kEnergy, "70");
  ASSERT_FALSE(bare.ok());
  EXPECT_NE(bare.error().message().find("mJ"), std::string::npos);
}

TEST(Budgets, AmountsAreWrittenWithAUnitAndRoundedUp) {
  EXPECT_EQ(amount_text(Cost::kEnergy, 8326493318.24), "8.327 mJ");
  EXPECT_EQ(amount_text(Cost::kEnergy, 0.25), "0.25 pJ");
  EXPECT_EQ(amount_text(Cost::kSize, 16316608), "16.32 MB");
  EXPECT_EQ(amount_text(Cost::kBits, 4.0121), "4.013");
  EXPECT_EQ(amount_text(Cost::kBits, 4.5), "4.5");
  EXPECT_EQ(amount_text(Cost::kArea, 900), "900 um2");
}

TEST(Budgets, RelativeOnes) {
  const auto fp32 = parse_budget(Cost::kEnergy, "0.5x");
  ASSERT_TRUE(fp32.ok());
  EXPECT_EQ(fp32->relative_to, formats::fp32());
  EXPECT_EQ(fp32->amount, 0.5);
  const auto int8 = parse_budget(Cost::kArea, "0.9xint8");
  ASSERT_TRUE(int8.ok());
  EXPECT_EQ(formats::name(*int8->relative_to), "int8");
}

TEST(Budgets, WrongOnesSayWhatIsExpected) {
  for (const char* text :
       {"", "0", "-1", "nan", "inf", "4.5 bits", "4.5MB", "x", "much", "1e999"}) {
    const auto budget = parse_budget(Cost::kBits, text);
    ASSERT_FALSE(budget.ok()) << text;
    EXPECT_EQ(budget.error().kind, ErrorKind::kUsage);
    EXPECT_NE(budget.error().message().find("`bits`"), std::string::npos);
  }
  const auto unknown = parse_budget(Cost::kEnergy, "0.5xposit81");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message().find("posit<8,1>"), std::string::npos)
      << unknown.error().message();
}

TEST(Budgets, SharesAndBack) {
  const ModelSize size{.weights = 1000, .other_bits = 320, .macs = 200, .inputs = 50};
  for (const Cost cost : {Cost::kBits, Cost::kSize, Cost::kActivationBits, Cost::kMacBits,
                          Cost::kEnergy, Cost::kArea}) {
    const Budget budget{.cost = cost, .amount = 4.5, .relative_to = {}, .text = "4.5"};
    EXPECT_DOUBLE_EQ(amount_of_shares(cost, limit_of_shares(budget, size), size), 4.5)
        << name(cost);
  }
  EXPECT_EQ(
      limit_of_shares({.cost = Cost::kBits, .amount = 4.5, .relative_to = {}, .text = ""}, size),
      4500);
  EXPECT_EQ(
      limit_of_shares({.cost = Cost::kSize, .amount = 140, .relative_to = {}, .text = ""}, size),
      100);  // bytes, 40 of others
  EXPECT_EQ(to_text({{.cost = Cost::kBits, .amount = 4.5, .relative_to = {}, .text = "4.5"},
                     {.cost = Cost::kEnergy, .amount = 0.5, .relative_to = {}, .text = "0.5x"}}),
            "bits 4.5, energy 0.5x");
}

}  // namespace
}  // namespace posittune::tuning
