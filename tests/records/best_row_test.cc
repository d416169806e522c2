#include "posittune/records/best_row.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posittune::records {
namespace {

// A metric where 100 is FP32's, and less is better.
MetricResult perplexity(double value) {
  return {.value = {value, value, value},
          .delta = {{value - 100, value - 100, value - 100}},
          .lower_is_better = true,
          .rank = 1};
}

SearchRow row(const std::string& method, double bits, double loss, double metric = NAN) {
  SearchRow made;
  made.method = method;
  made.bits_per_weight = bits;
  made.search_loss = {loss, loss, loss};
  if (std::isfinite(metric)) {
    made.metrics["perplexity"] = perplexity(metric);
    made.metrics["kl"] = {.value = {loss, loss, loss}, .delta = {{loss, loss, loss}}};
  }
  return made;
}

SearchResult result(std::vector<SearchRow> rows) {
  SearchResult made;
  made.rows = std::move(rows);
  return made;
}

TEST(BestRow, PartsThatAreLost) {
  EXPECT_DOUBLE_EQ(lost_part(perplexity(101)), 0.01);
  EXPECT_DOUBLE_EQ(fp32_value(perplexity(101)), 100);
  MetricResult accuracy{.value = {0.6, 0.5, 0.7}, .delta = {{-0.2, -0.3, -0.1}}};
  EXPECT_DOUBLE_EQ(lost_part(accuracy), 0.25);
  accuracy.delta.reset();
  EXPECT_TRUE(std::isnan(lost_part(accuracy)));
}

TEST(BestRow, FewestBitsOfThoseThatKeepTheMetric) {
  EXPECT_EQ(best_row(result({row("search", 6, 0.001, 100.2), row("search", 5, 0.002, 100.9),
                             row("front", 4, 0.02, 103), row("uniform int4", 4, 0.001, 100.1)})),
            1U);
}

TEST(BestRow, LeastLossWhereNoneDoes) {
  EXPECT_EQ(best_row(result({row("search", 4, 0.02, 103), row("search, refined", 5, 0.01, 102)})),
            1U);
  EXPECT_EQ(best_row(result({row("search", 4, 0.02), row("search", 5, 0.01)})), 1U);
}

TEST(BestRow, NoneWithoutAMixOfFiniteOutputs) {
  EXPECT_EQ(best_row(result({row("uniform int4", 4, 0.1), row("random", 4, 0.1)})), std::nullopt);
  SearchRow broken = row("search", 4, 0.001, 100);
  broken.nonfinite = 1;
  EXPECT_EQ(best_row(result({broken})), std::nullopt);
}

TEST(BestRow, OfAComparisonByWhatIsQuantized) {
  Comparison comparison;
  const auto add = [&](const std::string& format, const std::string& what, double bits,
                       double metric) {
    ComparisonRow made{.format = format,
                       .what = what,
                       .scale = {},
                       .granularity = {},
                       .bits_per_weight = bits,
                       .metrics = {}};
    made.metrics["perplexity"] = perplexity(metric);
    comparison.rows.push_back(made);
  };
  add("fp32", "w", 32, 100);
  add("int8", "w", 8, 100.1);
  add("int6", "w", 6, 100.5);
  add("int8", "wa", 8, 150);
  EXPECT_EQ(best_row(comparison, "w"), 2U);
  EXPECT_EQ(best_row(comparison, "wa"), 3U);
  EXPECT_EQ(best_row(comparison, "a"), std::nullopt);
}

}  // namespace
}  // namespace posittune::records
