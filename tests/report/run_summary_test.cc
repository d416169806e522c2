// Runs in plain words.

#include "posittune/report/run_summary.h"

#include <gtest/gtest.h>

#include "tests/report/runs.h"

namespace posittune::report {
namespace {

std::string point(const records::RunSummary& summary, const std::string& label) {
  for (const records::SummaryPoint& each : summary.points) {
    if (each.label == label) return each.text;
  }
  return "no " + label;
}

void expect_parts(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(text.find(part), text.npos) << part << " in " << text;
}

TEST(RunSummary, OfASearch) {
  const records::RunSummary summary = summary_of(search_run());
  EXPECT_EQ(summary.best, std::vector<std::uint64_t>{0});
  expect_parts(point(summary, "Measured"),
               {"1 searched mix", "2 uniform formats", "1 mix by a rule of thumb"});
  expect_parts(point(summary, "Data"),
               {"8 items of search.npz", "16 items of report.npz", "by document"});
  expect_parts(point(summary, "Best mix"), {"search, bits 5", "at most 1 %", "4.99 bits"});
  expect_parts(point(summary, "Costs"), {"4.99 MB", "6.4 times", "1260 um2"});
  expect_parts(point(summary, "Loses"),
               {"perplexity 100.5", "FP32 100", "+0.50 %", "+0.25 % to +0.75 %", "KL 0.01"});
  expect_parts(point(summary, "Beside it"),
               {"uniform int4 of 4.03", "5.0 times", "int6 with 6.03"});
  expect_parts(point(summary, "Next"), {"within 1 %", "recipes/r.yaml"});
  ASSERT_EQ(summary.missing.size(), 1U);
  expect_parts(summary.missing[0], {"there are none"});
}

TEST(RunSummary, SaysWhereNoMixKeepsTheMetric) {
  records::StoredRun run = search_run();
  std::get<records::SearchResult>(run.results).rows[0].metrics["perplexity"] = metric(105, 100, 1);
  const records::RunSummary summary = summary_of(run);
  expect_parts(point(summary, "Best mix"), {"the least loss"});
  expect_parts(point(summary, "Next"), {"No mix keeps"});
}

TEST(RunSummary, OfASearchWithoutReportData) {
  records::StoredRun run = search_run();
  auto& result = std::get<records::SearchResult>(run.results);
  for (records::SearchRow& row : result.rows) row.metrics.clear();
  result.data.erase("report");
  const records::RunSummary summary = summary_of(run);
  expect_parts(point(summary, "Loses"), {"KL 0.01", "on search data"});
  expect_parts(point(summary, "Next"), {"not measured on report data"});
  EXPECT_EQ(summary.missing.size(), 2U);
}

TEST(RunSummary, OfASearchWithoutAMix) {
  records::StoredRun run = search_run();
  auto& rows = std::get<records::SearchResult>(run.results).rows;
  rows.erase(rows.begin());
  const records::RunSummary summary = summary_of(run);
  EXPECT_TRUE(summary.best.empty());
  expect_parts(point(summary, "Best mix"), {"None"});
}

TEST(RunSummary, OfAComparison) {
  const records::RunSummary summary = summary_of(compare_run());
  EXPECT_EQ(summary.best, (std::vector<std::uint64_t>{1, 2}));
  expect_parts(point(summary, "Weights alone"), {"int8", "fewest bits", "8.03 bits"});
  expect_parts(point(summary, "Weights and inputs"), {"int8", "no format loses 1 % or less"});
}

TEST(RunSummary, OfASensitivityAnalysis) {
  const records::RunSummary summary = summary_of(sensitivity_run());
  expect_parts(point(summary, "Measured"), {"1 format cost", "2 layers"});
  expect_parts(point(summary, "Most sensitive"), {"100 %"});
  expect_parts(point(summary, "Trust"), {"Spearman 0.980"});
  EXPECT_TRUE(summary.missing.empty());
}

}  // namespace
}  // namespace posittune::report
