#include "posittune/report/plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posittune::report {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Plot, ALineForEachSeriesAndADotForEachPoint) {
  const std::string svg = to_svg({.title = "t",
                                  .x_label = "x",
                                  .y_label = "y",
                                  .series = {{"a", {1, 2, 3}, {1, 4, 9}}, {"b", {1, 2}, {0, 1}}}});
  EXPECT_EQ(count(svg, "<polyline"), 2U);
  EXPECT_EQ(count(svg, "<circle"), 5U);
  EXPECT_EQ(count(svg, "<svg "), 1U);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(Plot, NamesAreText) {
  const std::string svg = to_svg(
      {.title = "a < b & c", .x_label = "", .y_label = "", .series = {{"posit<8,1>", {1}, {1}}}});
  EXPECT_NE(svg.find("a &lt; b &amp; c"), svg.npos);
  EXPECT_NE(svg.find("posit&lt;8,1&gt;"), svg.npos);
}

TEST(Plot, WhatIsNotFiniteIsNotDrawn) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string svg = to_svg({.title = "",
                                  .x_label = "",
                                  .y_label = "",
                                  .series = {{"a", {1, 2, 3}, {1, infinity, std::nan("")}}}});
  EXPECT_EQ(count(svg, "<circle"), 1U);
  EXPECT_EQ(svg.find("nan"), svg.npos);
  EXPECT_EQ(svg.find("inf"), svg.npos);
}

TEST(Plot, NothingToDraw) {
  const std::string svg = to_svg({.title = "empty", .x_label = "", .y_label = "", .series = {}});
  EXPECT_EQ(count(svg, "<polyline"), 0U);
  EXPECT_EQ(svg.find("nan"), svg.npos);
}

TEST(Plot, PowersOfTwoAreEven) {
  const std::string svg = to_svg({.title = "",
                                  .x_label = "",
                                  .y_label = "",
                                  .log2_x = true,
                                  .series = {{"", {1, 4}, {0, 1}}}});
  for (const char* tick : {">2^0<", ">2^1<", ">2^2<"}) EXPECT_NE(svg.find(tick), svg.npos) << tick;
}

}  // namespace
}  // namespace posittune::report
