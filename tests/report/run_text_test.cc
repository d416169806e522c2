// Reports as plain texts.

#include "posittune/report/run_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "posittune/report/html_page.h"
#include "tests/report/runs.h"

namespace posittune::report {
namespace {

const records::ReportDocument& all() {
  static const records::ReportDocument document =
      document_of({search_run(), compare_run(), sensitivity_run()});
  return document;
}

TEST(RunText, MarkdownHasTheCardTheRowsAndTheCommand) {
  const std::string text = markdown_text(all());
  for (const char* part : {"- **Best mix**: search, bits 5", "| search | bits 5 | 4.990 |",
                           "posittune search 'm x.onnx'", "sha256 `ab`",
                           "machine: a cpu, 2 threads", "- **Not shown**"})
    EXPECT_NE(text.find(part), text.npos) << part << "\n" << text;
}

TEST(RunText, MarkdownOfAHostileName) {
  const std::string text = markdown_text(all()) + model_card(all());
  EXPECT_EQ(text.find("<script"), text.npos);
  EXPECT_EQ(text.find("\xe2\x80\xa8"), text.npos);
}

TEST(RunText, CsvHasARunInFrontOfEachRow) {
  const std::string text = csv_text(document_of({search_run(), search_run()}));
  EXPECT_TRUE(text.starts_with("run,recipe,method,"));
  EXPECT_EQ(text.find("run,recipe", 1), text.npos);
  // 2 runs x 4 rows x 2 metrics, and the titles.
  EXPECT_EQ(std::ranges::count(text, '\n'), 17);
  EXPECT_NE(csv_text(all()).find("\n\nrun,"), std::string::npos);
}

TEST(RunText, ConsoleHasCardAndTable) {
  const std::string text = console_text(all());
  for (const char* part : {"Best mix", "sum of scores", "Most sensitive", "Weights alone"})
    EXPECT_NE(text.find(part), text.npos) << part;
}

TEST(RunText, CardBeginsWithMetadata) {
  const std::string text = model_card(all());
  EXPECT_TRUE(text.starts_with("---\ntags:\n"));
  EXPECT_NE(text.find("model-index:\n"), text.npos);
  EXPECT_NE(text.find("    - type: \"perplexity\"\n      value: 100.5\n"), text.npos) << text;
  EXPECT_NE(text.find("\n---\n\n# "), text.npos);
}

}  // namespace
}  // namespace posittune::report
