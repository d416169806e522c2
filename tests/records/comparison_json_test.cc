#include "posittune/records/comparison_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ComparisonJson, ReadsTheText) {
  const auto comparison = comparison_from_json(json::parse(kComparisonText));
  ASSERT_TRUE(comparison.ok()) << comparison.error().message();
  EXPECT_EQ(*comparison, small_comparison());
}

TEST(ComparisonJson, RowAlone) {
  const ComparisonRow row = small_comparison().rows[0];
  const auto again = row_from_json(json(to_json(row)));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, row);
}

// Older documents do not have it.
TEST(ComparisonJson, RoundingThatIsNotToNearest) {
  ComparisonRow row = small_comparison().rows[0];
  EXPECT_FALSE(to_json(row).contains("rounding"));
  row.rounding = "compensated";
  EXPECT_EQ(to_json(row)["rounding"], "compensated");
  const auto back = row_from_json(json(to_json(row)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, row);
  EXPECT_EQ(row_from_json(json{{"rounding", 5}}).ok(), false);
}

TEST(ComparisonJson, NothingYet) {
  const Comparison empty;
  const json document = json::parse(json_text(empty));
  EXPECT_TRUE(document["data"].is_object());
  EXPECT_TRUE(document["rows"].is_array());
  EXPECT_EQ(*comparison_from_json(document), empty);
}

TEST(ComparisonJson, UnknownFieldsAreIgnored) {
  json document = json::parse(kComparisonText);
  document["later"] = 1;
  document["rows"][0]["later"] = {1, 2};
  document["rows"][0]["metrics"]["kl"]["later"] = nullptr;
  EXPECT_EQ(*comparison_from_json(document), small_comparison());
}

Error error_after(const std::string& pointer, const json& value) {
  json document = json::parse(kComparisonText);
  document[json::json_pointer(pointer)] = value;
  const auto comparison = comparison_from_json(document);
  return comparison.ok() ? Error{.what = "no error"} : comparison.error();
}

// Documents of builds before metrics had them: no direction is guessed.
TEST(ComparisonJson, MetricsWithoutDirectionUnitAndRank) {
  for (const char* field : {"better", "unit", "rank"}) {
    json document = json::parse(kComparisonText);
    document["rows"][0]["metrics"]["kl"].erase(field);
    const auto comparison = comparison_from_json(document);
    ASSERT_FALSE(comparison.ok()) << field;
    EXPECT_EQ(comparison.error().where, std::string("/rows/0/metrics/kl/") + field);
    EXPECT_NE(comparison.error().hint.find("an early build of 0.1.0"), std::string::npos);
  }
  const Error error = error_after("/rows/0/metrics/kl/better", "sideways");
  EXPECT_EQ(error.kind, ErrorKind::kInput);
  EXPECT_EQ(error.where, "/rows/0/metrics/kl/better");
  EXPECT_EQ(error.found, "\"sideways\"");
}

TEST(ComparisonJson, WrongTypesAreNamed) {
  for (const auto& [pointer, value] :
       std::initializer_list<std::pair<const char*, json>>{{"/model", 1},
                                                           {"/model/path", 1},
                                                           {"/data", json::array()},
                                                           {"/data/report", "x"},
                                                           {"/data/report/items", -1},
                                                           {"/data/report/items", 1.5},
                                                           {"/rows", json::object()},
                                                           {"/rows/0", nullptr},
                                                           {"/rows/0/format", nullptr},
                                                           {"/rows/0/bits_per_weight", "eight"},
                                                           {"/rows/0/metrics", json::array()},
                                                           {"/rows/0/metrics/kl", 0.5},
                                                           {"/rows/0/metrics/kl/low", nullptr},
                                                           {"/rows/0/metrics/kl/delta/high", true},
                                                           {"/rows/0/metrics/kl/noise", 0}}) {
    const Error error = error_after(pointer, value);
    EXPECT_EQ(error.kind, ErrorKind::kInput) << pointer;
    EXPECT_EQ(error.what, "a field has the wrong type") << pointer;
    EXPECT_EQ(error.where, pointer);
    EXPECT_FALSE(error.expected.empty()) << pointer;
    EXPECT_FALSE(error.found.empty()) << pointer;
  }
}

// Every field but "delta" and the metrics themselves.
TEST(ComparisonJson, EveryMissingFieldIsNamed) {
  for (const char* pointer : {"/model",
                              "/model/path",
                              "/model/sha256",
                              "/data",
                              "/data/report/path",
                              "/data/report/kind",
                              "/data/report/items",
                              "/data/report/unit",
                              "/data/report/sha256",
                              "/scored",
                              "/scored/scores",
                              "/rows",
                              "/rows/0/format",
                              "/rows/0/what",
                              "/rows/0/scale",
                              "/rows/0/granularity",
                              "/rows/0/bits_per_weight",
                              "/rows/0/metrics",
                              "/rows/0/seconds",
                              "/rows/0/metrics/kl/value",
                              "/rows/0/metrics/kl/low",
                              "/rows/0/metrics/kl/high",
                              "/rows/0/metrics/kl/noise",
                              "/rows/0/metrics/kl/delta/value"}) {
    json document = json::parse(kComparisonText);
    const json::json_pointer place(pointer);
    document[place.parent_pointer()].erase(place.back());
    const auto comparison = comparison_from_json(document);
    ASSERT_FALSE(comparison.ok()) << pointer;
    EXPECT_EQ(comparison.error().what, "a field is missing");
    EXPECT_EQ(comparison.error().where, pointer);
  }
}

TEST(ComparisonJson, NotADocument) {
  for (const char* text : {"null", "[]", "1", "\"x\""}) {
    const auto comparison = comparison_from_json(json::parse(text));
    ASSERT_FALSE(comparison.ok()) << text;
    EXPECT_EQ(comparison.error().where, "/");
  }
}

// A row of a format that overflows: nothing of it is lost, and it says how many units are of no
// use.
TEST(ComparisonJson, NumbersThatAreNoneAndTheirCountComeBack) {
  ComparisonRow row = small_comparison().rows[0];
  EXPECT_FALSE(to_json(row).contains("nonfinite"));
  row.nonfinite = 7;
  row.metrics["kl"] = {{kInfinity, -kInfinity, std::nan("")}, Estimate{std::nan(""), 1, 2}, false};
  const auto back = row_from_json(json::parse(to_json(row).dump()));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->nonfinite, 7u);
  EXPECT_EQ(back->metrics.at("kl").value.value, kInfinity);
  EXPECT_EQ(back->metrics.at("kl").value.low, -kInfinity);
  EXPECT_TRUE(std::isnan(back->metrics.at("kl").value.high));
  EXPECT_TRUE(std::isnan(back->metrics.at("kl").delta->value));
}

}  // namespace
}  // namespace posittune::records
