#include "posittune/session/search_choices.h"

#include <gtest/gtest.h>

namespace posittune::session {
namespace {

using tuning::Cost;

SearchOptions some() {
  SearchOptions options;
  options.formats = {"posit<4,1>", "int6", "p4e1"};
  options.pareto = 5;
  return options;
}
tuning::Budget budget(Cost cost, const char* text) {
  return tuning::parse_budget(cost, text).value();
}
std::string refusal(const SearchOptions& options) {
  const auto made = tuning_options(options);
  EXPECT_FALSE(made.ok());
  return made.ok() ? "" : made.error().what;
}

TEST(SearchChoices, EachFormatOnce) {
  const auto made = tuning_options(some());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(tuning::weight_labels(made->choices), (std::vector<std::string>{"posit<4,1>", "int6"}));
  EXPECT_EQ(made->choices.weights[0].rule, quant::ScaleRule::kMsePow2);
  EXPECT_EQ(made->choices.reserved, 0U);
  EXPECT_TRUE(made->choices.activations.empty());
  EXPECT_EQ(made->pareto, 5U);
  EXPECT_EQ(formats::name(made->analysis.reference.weight.format), "posit<5,1>");
}

// FP32 has no scale and nothing to round.
TEST(SearchChoices, Fp32StaysAsItIs) {
  SearchOptions options = some();
  options.formats = {"fp32"};
  options.settings.weight.rounding = quant::Rounding::kCompensated;
  options.settings.weight.input_weighted = true;
  const auto weight = tuning_options(options)->choices.weights.at(0);
  EXPECT_EQ(weight.rule, quant::ScaleRule::kNone);
  EXPECT_EQ(weight.rounding, quant::Rounding::kNearest);
  EXPECT_FALSE(weight.input_weighted);
}

TEST(SearchChoices, PinsBringReservedFormats) {
  SearchOptions options = some();
  options.assign = {"head=p8e1", "tail=int6"};
  const auto made = tuning_options(options);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(tuning::weight_labels(made->choices),
            (std::vector<std::string>{"posit<4,1>", "int6", "posit<8,1>"}));
  EXPECT_EQ(made->choices.reserved, 1U);
  ASSERT_EQ(made->space.pins.size(), 2U);
  EXPECT_EQ(made->space.pins[0].pattern, "head");
  EXPECT_EQ(made->space.pins[0].label, "posit<8,1>");
}

TEST(SearchChoices, InputsAndTheirScales) {
  SearchOptions options = some();
  options.what = sensitivity::Operand::kBoth;
  options.activations = {"posit<8,1>", "int8@token", "fp32", "int8@token"};
  const auto made = tuning_options(options);
  ASSERT_TRUE(made.ok()) << made.error().message();
  std::vector<std::string> labels;
  for (const auto& each : made->choices.activations)
    labels.push_back(tuning::activation_label(each));
  EXPECT_EQ(labels, (std::vector<std::string>{"posit<8,1>", "int8@token", "fp32"}));
  EXPECT_FALSE(quant::entry(made->choices.activations[1].rule).searches());  // for each token anew
  options.what = sensitivity::Operand::kWeight;
  EXPECT_TRUE(tuning_options(options)->choices.activations.empty());
}

TEST(SearchChoices, Pairs) {
  SearchOptions options = some();
  options.what = sensitivity::Operand::kBoth;
  options.activations = {"int6", "int8"};
  options.pairs = {"same", "p4e1/int8"};
  const auto made = tuning_options(options);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(made->choices.pairs, (std::vector<std::pair<std::string, std::string>>{
                                     {"int6", "int6"}, {"posit<4,1>", "int8"}}));
  options.pairs = {"int6"};
  EXPECT_EQ(refusal(options), "not a pair of formats");
}

// Several of one cost are a search each; the others bind in all of them.
TEST(SearchChoices, BudgetsOfOneCostAreSearches) {
  SearchOptions options = some();
  options.budgets = {budget(Cost::kBits, "5"), budget(Cost::kEnergy, "2mJ"),
                     budget(Cost::kEnergy, "3mJ"), budget(Cost::kSize, "1MB")};
  auto made = tuning_options(options);
  ASSERT_TRUE(made.ok()) << made.error().message();
  ASSERT_EQ(made->budgets.size(), 2U);
  EXPECT_EQ(tuning::to_text(made->budgets[0]), "energy 2mJ, bits 5, size 1MB");
  EXPECT_EQ(tuning::to_text(made->budgets[1]), "energy 3mJ, bits 5, size 1MB");
  options.budgets.push_back(budget(Cost::kBits, "6"));
  EXPECT_EQ(refusal(options), "two lists of budgets");
  options.budgets.clear();
  options.pareto = 0;
  EXPECT_EQ(refusal(options), "nothing to search for");
  options.max_drop = 0.01;
  EXPECT_TRUE(tuning_options(options)->budgets.empty());
}

TEST(SearchChoices, UnknownFormatsAreRefused) {
  const auto where = [](const SearchOptions& options) {
    const Error error = tuning_options(options).error();
    EXPECT_EQ(error.kind, ErrorKind::kUsage);
    return error.where;
  };
  for (auto field : {&SearchOptions::formats, &SearchOptions::assign}) {
    SearchOptions options = some();
    options.*field = {field == &SearchOptions::assign ? "a=posit<8,9>" : "posit<8,9>"};
    EXPECT_EQ(where(options), field == &SearchOptions::assign ? "`assign`" : "`formats`");
  }
  SearchOptions options = some();
  options.measuring.reference = "posit<8,9>";
  EXPECT_EQ(where(options), "`reference`");
  options = some();
  options.what = sensitivity::Operand::kActivation;
  EXPECT_EQ(where(options), "`what`");
  options.what = sensitivity::Operand::kBoth;
  options.activations = {"int8@never"};
  EXPECT_EQ(where(options), "`activations`");
  options.activations = {"int8"};
  options.pairs = {"int8/int99"};
  EXPECT_EQ(where(options), "`pairs`");
}

}  // namespace
}  // namespace posittune::session
