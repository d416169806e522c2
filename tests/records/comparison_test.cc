#include "posittune/records/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "posittune/records/comparison_json.h"

namespace posittune::records {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Comparison small_comparison() {
  Comparison comparison;
  comparison.model = {"gpt2.onnx", "aa"};
  comparison.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  comparison.data["report"] = {"text.npz", "npz", 64, "document", "bb"};
  ComparisonRow row{.format = "posit<8,1>",
                    .what = "wa",
                    .scale = "rms_pow2",
                    .granularity = "channel",
                    .bits_per_weight = 8.25,
                    .metrics = {},
                    .seconds = 1.5};
  row.metrics["kl"] = {{0.5, 0.25, 1}, Estimate{0.5, 0.25, 1}, false, true, "nats/item", 0};
  row.metrics["sqnr"] = {{kInfinity, 30, kInfinity}, {}, true, false, "dB", 4};
  comparison.rows.push_back(row);
  return comparison;
}

// Written by hand from the header's description.
constexpr const char* kSmallText = R"({
  "model": {
    "path": "gpt2.onnx",
    "sha256": "aa"
  },
  "scored": {
    "output": "logits",
    "task": "classify",
    "scores": "probabilities",
    "reason": "asked for",
    "loss": "kl",
    "unit": "nats/item"
  },
  "data": {
    "report": {
      "path": "text.npz",
      "kind": "npz",
      "items": 64,
      "unit": "document",
      "sha256": "bb"
    }
  },
  "rows": [
    {
      "format": "posit<8,1>",
      "what": "wa",
      "scale": "rms_pow2",
      "granularity": "channel",
      "bits_per_weight": 8.25,
      "metrics": {
        "kl": {
          "value": 0.5,
          "low": 0.25,
          "high": 1.0,
          "delta": {
            "value": 0.5,
            "low": 0.25,
            "high": 1.0
          },
          "noise": false,
          "better": "lower",
          "unit": "nats/item",
          "rank": 0
        },
        "sqnr": {
          "value": "Infinity",
          "low": 30.0,
          "high": "Infinity",
          "noise": true,
          "better": "higher",
          "unit": "dB",
          "rank": 4
        }
      },
      "seconds": 1.5
    }
  ]
}
)";

TEST(Comparison, JsonText) { EXPECT_EQ(json_text(small_comparison()), kSmallText); }

TEST(Comparison, ReadsTheText) {
  const auto comparison = comparison_from_json(json::parse(kSmallText));
  ASSERT_TRUE(comparison.ok()) << comparison.error().message();
  EXPECT_EQ(*comparison, small_comparison());
}

TEST(Comparison, RowAlone) {
  const ComparisonRow row = small_comparison().rows[0];
  const auto again = row_from_json(json(to_json(row)));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, row);
}

// Older documents do not have it.
TEST(Comparison, RoundingThatIsNotToNearest) {
  ComparisonRow row = small_comparison().rows[0];
  EXPECT_FALSE(to_json(row).contains("rounding"));
  row.rounding = "compensated";
  EXPECT_EQ(to_json(row)["rounding"], "compensated");
  const auto back = row_from_json(json(to_json(row)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, row);
  EXPECT_EQ(row_from_json(json{{"rounding", 5}}).ok(), false);
}

TEST(Comparison, NothingYet) {
  const Comparison empty;
  const json document = json::parse(json_text(empty));
  EXPECT_TRUE(document["data"].is_object());
  EXPECT_TRUE(document["rows"].is_array());
  EXPECT_EQ(*comparison_from_json(document), empty);
}

TEST(Comparison, UnknownFieldsAreIgnored) {
  json document = json::parse(kSmallText);
  document["later"] = 1;
  document["rows"][0]["later"] = {1, 2};
  document["rows"][0]["metrics"]["kl"]["later"] = nullptr;
  EXPECT_EQ(*comparison_from_json(document), small_comparison());
}

TEST(Comparison, PathThatIsNotUtf8) {
  Comparison comparison = small_comparison();
  comparison.model.path = "a\xff.onnx";
  EXPECT_EQ(json::parse(json_text(comparison))["model"]["path"], "a\xef\xbf\xbd.onnx");
}

Error error_after(const std::string& pointer, const json& value) {
  json document = json::parse(kSmallText);
  document[json::json_pointer(pointer)] = value;
  const auto comparison = comparison_from_json(document);
  return comparison.ok() ? Error{.what = "no error"} : comparison.error();
}

// Documents of builds before metrics had them: no direction is guessed.
TEST(Comparison, MetricsWithoutDirectionUnitAndRank) {
  for (const char* field : {"better", "unit", "rank"}) {
    json document = json::parse(kSmallText);
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

TEST(Comparison, WrongTypesAreNamed) {
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
TEST(Comparison, EveryMissingFieldIsNamed) {
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
    json document = json::parse(kSmallText);
    const json::json_pointer place(pointer);
    document[place.parent_pointer()].erase(place.back());
    const auto comparison = comparison_from_json(document);
    ASSERT_FALSE(comparison.ok()) << pointer;
    EXPECT_EQ(comparison.error().what, "a field is missing");
    EXPECT_EQ(comparison.error().where, pointer);
  }
}

TEST(Comparison, NotADocument) {
  for (const char* text : {"null", "[]", "1", "\"x\""}) {
    const auto comparison = comparison_from_json(json::parse(text));
    ASSERT_FALSE(comparison.ok()) << text;
    EXPECT_EQ(comparison.error().where, "/");
  }
}

TEST(Comparison, CsvText) {
  Comparison comparison = small_comparison();
  comparison.rows.push_back({.format = "say \"x\"\n",
                             .what = "w",
                             .scale = "none",
                             .granularity = "tensor",
                             .bits_per_weight = 32,
                             .metrics = {},
                             .seconds = 0.1,
                             .nonfinite = 3});
  EXPECT_EQ(csv_text(comparison),
            "format,what,scale,granularity,bits_per_weight,seconds,"
            "metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n"
            "\"posit<8,1>\",wa,rms_pow2,channel,8.25,1.5,kl,0.5,0.25,1,0.5,0.25,1,false,0\n"
            "\"posit<8,1>\",wa,rms_pow2,channel,8.25,1.5,sqnr,Infinity,30,Infinity,,,,true,0\n"
            "\"say \"\"x\"\"\n\",w,none,tensor,32,0.1,,,,,,,,,3\n");
}

// A row of a format that overflows: nothing of it is lost, and it says how many units are of no
// use.
TEST(ComparisonRecord, NumbersThatAreNoneAndTheirCountComeBack) {
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

TEST(Metrics, TheMostTellingOneHasTheLowestRankButTheLoss) {
  std::map<std::string, MetricResult> metrics;
  EXPECT_EQ(primary_metric(metrics) + loss_metric(metrics), "");
  metrics["kl"].rank = 0;
  EXPECT_EQ(primary_metric(metrics), "kl");
  metrics["cosine"].rank = metrics["agreement"].rank = 4;
  EXPECT_EQ(primary_metric(metrics), "agreement");  // the first by name
  metrics["map"].rank = 1;
  EXPECT_EQ(primary_metric(metrics), "map");
  EXPECT_EQ(loss_metric(metrics), "kl");
}

}  // namespace
}  // namespace posittune::records
