// Searches by invented scores, beside all assignments; and what a search reads from metrics.

#include "posittune/tuning/tuner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/tuning/invented_search.h"

namespace posittune::tuning {
namespace {

using records::MetricResult;

MetricResult changed(bool lower_is_better, double value, double from_fp32) {
  MetricResult made{.value = {value, value, value}, .delta = {{from_fp32, from_fp32, from_fp32}}};
  made.lower_is_better = lower_is_better;
  return made;
}
constexpr bool kAccuracy = false, kPerplexity = true;

TEST(Tuner, ADropIsPositiveWhereTheMetricIsWorse) {
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, 0.75, -0.25)), 0.25);
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, 1.0, 0.25)), -1.0 / 3);
  EXPECT_DOUBLE_EQ(drop_of(changed(kPerplexity, 30, 10)), 0.5);
  EXPECT_DOUBLE_EQ(drop_of(changed(kPerplexity, 10, -10)), -0.5);
}

TEST(Tuner, ADropFromNothingIsTheChangeItself) {
  EXPECT_DOUBLE_EQ(drop_of(changed(kAccuracy, -0.5, -0.5)), 0.5);
  MetricResult unpaired = changed(kAccuracy, 0.5, 0);
  unpaired.delta.reset();
  EXPECT_DOUBLE_EQ(drop_of(unpaired), 0);
}

using test::InventedSearch;
using test::kWeights;

std::vector<std::string> formats_of(const quant::Recipe& recipe) {
  std::vector<std::string> formats;
  for (const auto& [weight, setting] : recipe.weights)
    formats.push_back(formats::name(setting.format));
  return formats;
}

TEST_F(InventedSearch, TheLeastLossWithinABudget) {
  Options how = options();
  const std::vector<double> limits = {5, 5.4, 6.2, 7, 7.5, 8.6, 9, 20};
  for (const double limit : limits) how.budgets.push_back({bits(std::to_string(limit))});
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), limits.size());
  EXPECT_TRUE(outcome.missed.empty());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const records::SearchRow& row = outcome.result.rows[i];
    EXPECT_EQ(row.method, "search");
    EXPECT_LE(row.bits_per_weight, limits[i] * (1 + 1e-12));
    EXPECT_NEAR(row.predicted_loss, best(limits[i]), 1e-12);
    EXPECT_NEAR(row.search_loss.value, best(limits[i]), 1e-12);
    EXPECT_NEAR(row.bytes, row.bits_per_weight * 16 * kWeights / 8, 1e-9);
    EXPECT_LE(row.optimality_gap, 1e-9);
    EXPECT_TRUE(std::isnan(row.activation_bits));  // no inputs are quantized
  }
}

// 50 bytes of 80 weights are 5 bits each.
TEST_F(InventedSearch, AllBudgetsOfAListHold) {
  Options how = options();
  how.budgets = {{bits("8"), parse_budget(Cost::kSize, "60B").value()},
                 {bits("5.4"), parse_budget(Cost::kSize, "1MB").value()}};
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 2U);
  EXPECT_NEAR(outcome.result.rows[0].predicted_loss, best(6), 1e-12);
  EXPECT_NEAR(outcome.result.rows[1].predicted_loss, best(5.4), 1e-12);
}

TEST_F(InventedSearch, BudgetsRelativeToAFormat) {
  Options how = options();
  how.budgets = {{bits("0.25x")}, {bits("1xint6")}};
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 2U);
  EXPECT_NEAR(outcome.result.rows[0].predicted_loss, best(0.25 * 32), 1e-12);
  EXPECT_NEAR(outcome.result.rows[1].predicted_loss, best(7), 1e-12);
}

TEST_F(InventedSearch, ABudgetThatCannotBeMetIsMissedByTheLeast) {
  Options how = options();
  how.budgets = {{bits("4")}, {bits("7")}};
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.missed.size(), 1U);
  EXPECT_EQ(outcome.missed[0].where, "bits 4");
  EXPECT_EQ(outcome.missed[0].expected, "at least 5");
  EXPECT_EQ(outcome.missed[0].found, "4");
  ASSERT_EQ(outcome.result.rows.size(), 2U);
  EXPECT_EQ(formats_of(outcome.recipes[0]), std::vector<std::string>(kWeights, "int4"));
  EXPECT_DOUBLE_EQ(outcome.result.rows[0].search_loss.value, 15);
  EXPECT_NEAR(outcome.result.rows[1].search_loss.value, best(7), 1e-12);
}

// int4 of w0, the cheapest loss there is, gives NaN: it is taken where nothing else fits.
TEST_F(InventedSearch, NaNIsTakenOnlyWhereNothingElseFits) {
  figures().errors["w0"]["int4"] = figures().losses["w0"]["int4"] = std::nan("");
  Options how = options();
  how.budgets = {{bits("5")}, {bits("5.4")}};
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 2U);
  const auto& [forced, free] = std::pair(outcome.result.rows[0], outcome.result.rows[1]);
  EXPECT_TRUE(std::isinf(forced.predicted_loss));
  EXPECT_TRUE(std::isnan(forced.search_loss.value));
  EXPECT_EQ(forced.nonfinite, posittune::test::kFakeItems);
  EXPECT_EQ(outcome.recipes[1].weights.at("w0").format.bits, 6);
  EXPECT_DOUBLE_EQ(free.predicted_loss, 0.125 + 2 + 3 + 4 + 5);
  EXPECT_EQ(free.nonfinite, 0U);
}

TEST_F(InventedSearch, AWeightWithoutAnyFiniteScoreIsRefused) {
  for (auto& [format, error] : figures().errors["w3"]) error = std::nan("");
  Options how = options();
  how.budgets = {{bits("7")}};
  const auto refused = tune(inputs(), how);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_NE(refused.error().message().find("w3"), std::string::npos) << refused.error().message();
}

// The scores do not know that w3 and w4 in int4 and int6 together are bad.
TEST_F(InventedSearch, RefinementFindsWhatScoresDoNotKnow) {
  figures().interaction = [](const quant::Recipe& recipe) {
    double coarse = 0;
    for (const char* name : {"w3", "w4"}) {
      const auto found = recipe.weights.find(name);
      if (found == recipe.weights.end() || recipe.weights.size() < kWeights) return 0.0;
      coarse += found->second.format.bits < 8 ? 1 : 0;
    }
    return coarse == 2 ? 4.0 : 0.0;
  };
  Options how = options();
  how.budgets = {{bits("7")}};
  const double plain = tuned(how).result.rows[0].search_loss.value;
  how.refine = 12;
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 2U);
  EXPECT_EQ(outcome.result.rows[1].method, "search, refined");
  EXPECT_DOUBLE_EQ(outcome.result.rows[0].search_loss.value, plain);
  EXPECT_LT(outcome.result.rows[1].search_loss.value, plain - 3);
  EXPECT_LE(outcome.result.rows[1].bits_per_weight, 7 * (1 + 1e-12));
  const auto better = std::ranges::count_if(outcome.result.refinement, [](const auto& each) {
    return each.verdict == "better" && each.measured < 0 && each.high < 0;
  });
  EXPECT_GE(better, 1);
}

// Every mix costs more than scores say: the best uniform format within the budget is taken.
TEST_F(InventedSearch, ABetterBaselineTakesThePlaceOfTheSearch) {
  figures().interaction = [](const quant::Recipe& recipe) {
    const auto formats = formats_of(recipe);
    const bool uniform = std::ranges::all_of(formats, [&](auto& f) { return f == formats[0]; });
    return uniform ? 0.0 : 10.0;
  };
  Options how = options();
  how.budgets = {{bits("7.5")}};
  const Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 1U);
  EXPECT_EQ(formats_of(outcome.recipes[0]), std::vector<std::string>(kWeights, "int6"));
  EXPECT_NEAR(outcome.result.rows[0].search_loss.value, 15 * 0.125, 1e-12);
  EXPECT_TRUE(std::isnan(outcome.result.rows[0].optimality_gap));
  std::map<std::string, std::string> verdicts;
  for (const auto& each : outcome.result.refinement) verdicts[each.change] = each.verdict;
  EXPECT_EQ(verdicts.at("bits 7.5: uniform int6"), "taken");
  EXPECT_EQ(verdicts.at("bits 7.5: uniform int4"), "not taken");
}

TEST_F(InventedSearch, AFrontOfOptima) {
  Options how = options();
  how.pareto = 200;  // one for each step of the bits there are
  const Outcome outcome = tuned(how);
  const auto& rows = outcome.result.rows;
  ASSERT_GT(rows.size(), 5U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].method, "front");
    EXPECT_NEAR(rows[i].predicted_loss, best(rows[i].bits_per_weight), 1e-12);
    if (i == 0) continue;
    EXPECT_GT(rows[i].bits_per_weight, rows[i - 1].bits_per_weight);
    EXPECT_LT(rows[i].predicted_loss, rows[i - 1].predicted_loss);
  }
  EXPECT_EQ(rows.front().bits_per_weight, 5);
  EXPECT_EQ(rows.back().bits_per_weight, 9);
}

TEST_F(InventedSearch, NothingIsMeasuredTwice) {
  Options how = options();
  how.budgets = {{bits("7")}};
  how.refine = 4;
  how.baselines = true;
  const Outcome first = tuned(how);
  const std::size_t runs = figures().suffix_runs.size();
  const Outcome again = tuned(how);
  EXPECT_EQ(figures().suffix_runs.size(), runs);
  EXPECT_EQ(again.recipes, first.recipes);
  EXPECT_EQ(records::csv_text(again.result.rows), records::csv_text(first.result.rows));
}

TEST_F(InventedSearch, AStoppedSearchContinues) {
  Options how = options();
  how.budgets = {{bits("7")}};
  how.refine = 4;
  std::size_t runs = 0;
  for (const char* title : {"scores", "refine bits 7"}) {
    progress_.items.clear();
    progress_.stopped = title;
    progress_.last = 2;
    const auto stopped = tune(inputs(), how);
    ASSERT_FALSE(stopped.ok()) << title;
    EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted) << title;
    EXPECT_GT(figures().suffix_runs.size(), runs) << title;
    runs = figures().suffix_runs.size();
  }
  progress_.stopped = "nothing";
  const auto finished = tuned(how);
  EXPECT_FALSE(finished.result.rows.empty());
  // No run was made twice.
  std::map<std::string, int> whole;
  for (const quant::Recipe& recipe : figures().suffix_runs) ++whole[quant::to_yaml(recipe)];
  for (const auto& [recipe, count] : whole) EXPECT_LE(count, 2) << recipe;  // whole and beside
}

TEST_F(InventedSearch, WithoutBudgetsNothingIsChosen) {
  const Outcome outcome = tuned(options());
  EXPECT_TRUE(outcome.result.rows.empty());
  EXPECT_TRUE(outcome.missed.empty());
  Options nothing = options();
  nothing.choices.weights.clear();
  nothing.budgets = {{bits("7")}};
  EXPECT_FALSE(tune(inputs(), nothing).ok());
}

TEST_F(InventedSearch, RulesOfThumbKeepToTheBudget) {
  for (auto& [name, errors] : figures().errors) {
    errors["posit<4,1>"] = errors["int4"];
    errors["posit<5,1>"] = errors["int5"];
    figures().losses[name]["posit<4,1>"] = figures().losses[name]["int4"];
    figures().losses[name]["posit<5,1>"] = figures().losses[name]["int5"];
  }
  Options how = options();
  how.budgets = {{bits("6.5")}};
  how.baselines = true;
  const Outcome outcome = tuned(how);
  std::vector<std::string> methods;
  for (const records::SearchRow& row : outcome.result.rows) {
    methods.push_back(row.method);
    if (row.budget.empty()) continue;
    EXPECT_LE(row.bits_per_weight, 6.5 * (1 + 1e-12)) << row.method;
    EXPECT_GE(row.search_loss.value, best(6.5) - 1e-12) << row.method;
  }
  EXPECT_EQ(methods, (std::vector<std::string>{"search", "uniform int4", "uniform int6",
                                               "uniform int8", "random", "small layers first",
                                               "greedy by SQNR", "AIMET list", "HAWQ-like order",
                                               "shuffled scores", "FlexPosit scheme"}));
}

// The drop is measured by the engine, on its own metrics; whatever is allowed is the cheapest
// point, and what nothing keeps to is missed by the dearest.
TEST_F(InventedSearch, AnAllowedDrop) {
  Options how = options();
  how.max_drop = 1e6;
  Outcome outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 1U);
  EXPECT_TRUE(outcome.missed.empty());
  EXPECT_EQ(outcome.result.rows[0].bits_per_weight, 5);
  how.max_drop = -1e6;
  outcome = tuned(how);
  ASSERT_EQ(outcome.result.rows.size(), 1U);
  ASSERT_EQ(outcome.missed.size(), 1U);
  EXPECT_EQ(outcome.missed[0].where, "max-drop -100000000%");
  EXPECT_EQ(outcome.result.rows[0].bits_per_weight, 9);
}

}  // namespace
}  // namespace posittune::tuning
