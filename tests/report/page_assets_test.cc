#include "posittune/report/page_assets.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

TEST(PageAssets, AreThere) {
  EXPECT_TRUE(page_template().starts_with("<!doctype html>"));
  EXPECT_TRUE(page_template().ends_with("</html>\n"));
  EXPECT_NE(page_style().find("prefers"), 0U);
  EXPECT_NE(page_script().find("JSON.parse"), std::string_view::npos);
  EXPECT_GT(plotly_script().size(), 1000000U);
  EXPECT_NE(plotly_script().substr(0, 200).find("plotly.js"), std::string_view::npos);
}

// They stand inside elements that these would end.
TEST(PageAssets, DoNotEndTheirElement) {
  for (const std::string_view script : {page_script(), plotly_script()}) {
    EXPECT_EQ(script.find("</script"), script.npos);
    EXPECT_EQ(script.find("<!--"), script.npos);
  }
  EXPECT_EQ(page_style().find("</style"), std::string_view::npos);
}

}  // namespace
}  // namespace posittune::report
