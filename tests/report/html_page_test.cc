// The page as text; tests/cli/report_page_test.py looks at it in a browser.

#include "posittune/report/html_page.h"

#include <gtest/gtest.h>

#include "posittune/report/page_assets.h"
#include "tests/report/runs.h"

namespace posittune::report {
namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(HtmlPage, TextOfAModelIsNeverMarkup) {
  const auto page = html_page(document_of({search_run(), compare_run(), sensitivity_run()}));
  ASSERT_TRUE(page.ok()) << page.error().message();
  EXPECT_EQ(count(*page, "alert(1)</script>"), 0U);
  EXPECT_EQ(count(*page, "<script>alert(1)"), 0U);
  EXPECT_EQ(count(*page, "</script>"), count(page_template(), "</script>"));
  EXPECT_EQ(count(*page, "{{"), count(plotly_script(), "{{") + count(page_script(), "{{"));
  EXPECT_GT(count(*page, "\\u003c/script\\u003e"), 0U);
}

TEST(HtmlPage, ATitleIsEscaped) {
  const auto page = html_page(document_of({search_run()}));
  ASSERT_TRUE(page.ok());
  const std::size_t title = page->find("<title>") + 7;
  EXPECT_EQ(page->substr(title, page->find("</title>") - title).find('<'), std::string::npos);
}

TEST(HtmlPage, NeedsNothingFromElsewhere) {
  const auto page = html_page(document_of({search_run()}));
  ASSERT_TRUE(page.ok());
  const std::string head = page->substr(0, page->find("id=\"data\""));
  for (const char* part : {"src=", "@import", "url("})
    EXPECT_EQ(head.find(part), head.npos) << part;
  EXPECT_EQ(count(*page, "<script src"), 0U);
}

TEST(HtmlPage, JsonForAScriptElement) {
  EXPECT_EQ(script_safe("{\"a\": \"<b>&\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa6\"}"),
            "{\"a\": \"\\u003cb\\u003e\\u0026\\u2028\\u2029\xe2\x80\xa6\"}");
  EXPECT_EQ(script_safe("\xe2\x80"), "\xe2\x80");
  EXPECT_EQ(html_escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(HtmlPage, GridsOfTheFormatsOfHistograms) {
  records::StoredRun run = search_run();
  records::LayerLook look;
  look.histograms = {{.format = "int3", .rows = 1},
                     {.format = "posit<16,1>", .rows = 1},
                     {.format = "?", .rows = 1}};
  run.details.emplace();
  run.details->looks = {look};
  const auto grids = document_of({run}).grids;
  ASSERT_EQ(grids.size(), 1U);
  EXPECT_EQ(grids.at("int3"), (std::vector<double>{-3, -2, -1, 0, 1, 2, 3}));
}

}  // namespace
}  // namespace posittune::report
