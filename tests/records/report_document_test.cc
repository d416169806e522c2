#include "posittune/records/report_document.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

ReportDocument document() {
  StoredRun run;
  run.folder = "runs/a";
  run.command = "search";
  run.hashes = {{"model", "ab"}};
  run.sessions.resize(1);
  run.results = small_search();
  run.results_text = json_text(small_search());
  ReportDocument made;
  made.version = "0.1.0";
  made.runs.push_back(run);
  made.summaries.push_back({"a title", {{"Best mix", "five bits"}}, {0}, {"the rest"}});
  made.grids["int2"] = {-1, 0, 1};
  return made;
}

TEST(ReportDocument, HoldsTheFilesOfTheRun) {
  ReportDocument made = document();
  made.runs[0].details = small_details();
  const auto text = json_text(made);
  ASSERT_TRUE(text.ok()) << text.error().message();
  const json read = json::parse(*text);
  EXPECT_EQ(text->find('\n'), text->size() - 1);
  EXPECT_EQ(read["runs"][0]["results"], json::parse(json_text(small_search())));
  EXPECT_EQ(read["runs"][0]["details"], json::parse(json_text(small_details())));
  EXPECT_EQ(read["runs"][0]["summary"]["points"][0]["text"], "five bits");
  EXPECT_EQ(read["grids"]["int2"], json({-1, 0, 1}));
  EXPECT_TRUE(json::parse(*json_text(document()))["runs"][0]["details"].is_null());
}

TEST(ReportDocument, RefusesResultsThatAreNone) {
  ReportDocument made = document();
  made.runs[0].results_text = "{";
  EXPECT_EQ(json_text(made).error().kind, ErrorKind::kInput);
}

TEST(ReportDocument, LinesForTrackersAreFlat) {
  ReportDocument made = document();
  auto& row = std::get<SearchResult>(made.runs[0].results).rows[0];
  row.predicted_loss = std::numeric_limits<double>::quiet_NaN();
  std::istringstream lines(json_lines(made));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const json object = json::parse(line);
    for (const auto& [name, value] : object.items())
      EXPECT_TRUE(value.is_number() || value.is_string()) << name;
  }
  EXPECT_EQ(count, small_search().rows.size());
  const json first = json::parse(json_lines(made).substr(0, json_lines(made).find('\n')));
  EXPECT_FALSE(first.contains("predicted_loss"));
  EXPECT_EQ(first["run"], "runs/a");
  EXPECT_TRUE(first.contains("metrics/perplexity/delta"));
}

TEST(ReportDocument, LinesOfOtherCommands) {
  ReportDocument made = document();
  made.runs[0].results = small_comparison();
  EXPECT_NE(json_lines(made).find("\"format\":"), std::string::npos);
  made.runs[0].results = small_sensitivity();
  EXPECT_NE(json_lines(made).find("\"tier\":"), std::string::npos);
}

}  // namespace
}  // namespace posittune::records
