#include "posittune/records/entries.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Entry>
void expect_both_ways(const Entry& entry, const std::string& text) {
  EXPECT_EQ(entry_text(entry), text);
  const auto back = entry_from<Entry>(text);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, entry);
}

TEST(Entries, BothWays) {
  expect_both_ways(
      ProbeEntry{{0.5, kInfinity}, {2, 1}, "tight", 3.5},
      R"({"sums":[0.5,"Infinity"],"counts":[2.0,1.0],"stopped":"tight","seconds":3.5})");
  expect_both_ways(SiteErrorEntry{0.25, 4, 0.125},
                   R"({"error":0.25,"signal":4.0,"seconds":0.125})");
  expect_both_ways(CalibrationEntry{1.5}, R"({"seconds":1.5})");
  expect_both_ways(Fp32Entry{2.5, {7, 1u << 31}}, R"({"seconds":2.5,"cut_bytes":[7,2147483648]})");
  expect_both_ways(ReportEntry{{"a", "b"}}, R"({"recipes":["a","b"]})");
}

TEST(Entries, RowsOfResults) {
  for (const ComparisonRow& row : small_comparison().rows)
    EXPECT_EQ(*entry_from<ComparisonRow>(entry_text(row)), row);
  for (const SearchRow& row : small_search().rows)
    EXPECT_EQ(*entry_from<SearchRow>(entry_text(row)), row);
}

TEST(Entries, NotANumberIsKept) {
  const auto back = entry_from<SiteErrorEntry>(entry_text(SiteErrorEntry{std::nan(""), 1, 0}));
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(std::isnan(back->error));
}

TEST(Entries, BytesThatAreNotUtf8) {
  EXPECT_EQ(entry_from<ReportEntry>(entry_text(ReportEntry{{"a\xff"}}))->recipes[0],
            "a\xef\xbf\xbd");
}

TEST(Entries, WhatWeDoNotWrite) {
  for (const char* text : {"", "{", "5", "[]", "{}", R"({"seconds":"soon"})"}) {
    const auto read = entry_from<CalibrationEntry>(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kInput);
  }
  EXPECT_EQ(entry_from<ProbeEntry>(R"({"sums":[1,null],"counts":[],"stopped":"","seconds":1})")
                .error()
                .where,
            "/sums/1");
}

}  // namespace
}  // namespace posittune::records
