#include "posittune/records/sensitivity_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(SensitivityJson, ReadsTheText) {
  const auto sensitivity = sensitivity_from_json(json::parse(kSensitivityText));
  ASSERT_TRUE(sensitivity.ok()) << sensitivity.error().message();
  EXPECT_EQ(*sensitivity, small_sensitivity());
}

TEST(SensitivityJson, RowAlone) {
  const auto row = sensitivity_row_from_json(json(to_json(small_sensitivity_row())));
  ASSERT_TRUE(row.ok()) << row.error().message();
  EXPECT_EQ(*row, small_sensitivity_row());
}

// Older documents do not have it.
TEST(SensitivityJson, RoundingThatIsNotToNearest) {
  Sensitivity sensitivity = small_sensitivity();
  EXPECT_EQ(json_text(sensitivity).find("rounding"), std::string::npos);
  sensitivity.rows[0].rounding = "compensated+bias";
  const auto back = sensitivity_from_json(json::parse(json_text(sensitivity)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, sensitivity);
  const auto row = sensitivity_row_from_json(json(to_json(sensitivity.rows[0])));
  ASSERT_TRUE(row.ok()) << row.error().message();
  EXPECT_EQ(*row, sensitivity.rows[0]);
}

TEST(SensitivityJson, NothingYet) {
  const Sensitivity empty;
  const json document = json::parse(json_text(empty));
  EXPECT_TRUE(document["data"].is_object());
  for (const char* name : {"cuts", "costs", "agreement", "rows"}) {
    EXPECT_TRUE(document[name].is_array()) << name;
  }
  EXPECT_EQ(*sensitivity_from_json(document), empty);
}

TEST(SensitivityJson, WhatWasNotAskedForIsNotThere) {
  Sensitivity sensitivity = small_sensitivity();
  sensitivity.channels.clear();
  sensitivity.mixes.clear();
  sensitivity.upgrades.clear();
  json document = json::parse(kSensitivityText);
  for (const char* name : {"channels", "mixes", "upgrades"}) document.erase(name);
  EXPECT_EQ(json(to_json(sensitivity)), document);
  EXPECT_EQ(*sensitivity_from_json(document), sensitivity);
}

TEST(SensitivityJson, NumbersThatJsonDoesNotHave) {
  SensitivityRow row = small_sensitivity_row();
  row.score = kInfinity;
  row.low = std::nan("");
  row.high = -kInfinity;
  const json document = json::parse(to_json(row).dump());
  EXPECT_EQ(document["score"], "Infinity");
  EXPECT_EQ(document["low"], "NaN");
  EXPECT_EQ(document["high"], "-Infinity");
  const auto again = sensitivity_row_from_json(document);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->score, kInfinity);
  EXPECT_TRUE(std::isnan(again->low));
  EXPECT_EQ(again->high, -kInfinity);
}

// Doubles of all sizes and counts beyond 2^53 come back as the same.
TEST(SensitivityJson, AnyNumberReadsBack) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> numbers(0, 50);
  for (int i = 0; i < 1000; ++i) {
    Sensitivity sensitivity = small_sensitivity();
    SensitivityRow& row = sensitivity.rows[0];
    for (double* number : {&row.score, &row.low, &row.high, &row.error, &row.signal, &row.bits,
                           &sensitivity.mixes[0].predicted, &sensitivity.channels[0].score}) {
      *number = numbers(random) * (random() % 2 == 0 ? 1 : -1);
    }
    for (std::uint64_t* count : {&row.parameters, &row.units, &sensitivity.cuts[0].bytes}) {
      *count = random();
    }
    const auto again = sensitivity_from_json(json::parse(json_text(sensitivity)));
    ASSERT_TRUE(again.ok()) << again.error().message();
    ASSERT_EQ(*again, sensitivity);
  }
}

TEST(SensitivityJson, UnknownFieldsAreIgnored) {
  json document = json::parse(kSensitivityText);
  document["later"] = 1;
  for (const char* name : {"cuts", "costs", "agreement", "rows", "channels", "mixes", "upgrades"}) {
    document[name][0]["later"] = {1, 2};
  }
  const auto sensitivity = sensitivity_from_json(document);
  ASSERT_TRUE(sensitivity.ok()) << sensitivity.error().message();
  EXPECT_EQ(*sensitivity, small_sensitivity());
}

TEST(SensitivityJson, WrongTypesAreNamed) {
  for (const auto& [pointer, value] :
       std::initializer_list<std::pair<const char*, json>>{{"/model", 1},
                                                           {"/data/search/items", -1},
                                                           {"/cuts", json::object()},
                                                           {"/cuts/0", "x"},
                                                           {"/cuts/0/tensors", "mask"},
                                                           {"/cuts/0/tensors/1", 1},
                                                           {"/cuts/0/bytes", 0.5},
                                                           {"/costs/0/seconds", nullptr},
                                                           {"/agreement/0/pairs", "36"},
                                                           {"/agreement/0/spearman", "high"},
                                                           {"/rows", nullptr},
                                                           {"/rows/0", json::array()},
                                                           {"/rows/0/layer", 0},
                                                           {"/rows/0/score", true},
                                                           {"/rows/0/units", -1},
                                                           {"/channels", json::object()},
                                                           {"/channels/0/first", 1.5},
                                                           {"/mixes", nullptr},
                                                           {"/upgrades/0/order", 1}}) {
    json document = json::parse(kSensitivityText);
    document[json::json_pointer(pointer)] = value;
    const auto sensitivity = sensitivity_from_json(document);
    ASSERT_FALSE(sensitivity.ok()) << pointer;
    EXPECT_EQ(sensitivity.error().kind, ErrorKind::kInput) << pointer;
    EXPECT_EQ(sensitivity.error().what, "a field has the wrong type") << pointer;
    EXPECT_EQ(sensitivity.error().where, pointer);
    EXPECT_FALSE(sensitivity.error().expected.empty()) << pointer;
    EXPECT_FALSE(sensitivity.error().found.empty()) << pointer;
  }
}

// All fields of the document but those that are optional, the split's name and the array's
// elements.
TEST(SensitivityJson, EveryMissingFieldIsNamed) {
  const json whole = json::parse(kSensitivityText);
  int fields = 0;
  const auto expect_error_without = [&](const json::json_pointer& place) {
    json document = whole;
    document[place.parent_pointer()].erase(place.back());
    const auto sensitivity = sensitivity_from_json(document);
    ASSERT_FALSE(sensitivity.ok()) << place;
    EXPECT_EQ(sensitivity.error().kind, ErrorKind::kInput);
    EXPECT_EQ(sensitivity.error().what, "a field is missing");
    EXPECT_EQ(sensitivity.error().where, place.to_string());
    ++fields;
  };
  for (const char* name : {"model", "scored", "data", "cuts", "costs", "agreement", "rows"}) {
    expect_error_without(json::json_pointer() / name);
  }
  for (const char* parent : {"/model", "/data/search", "/cuts/0", "/costs/0", "/agreement/0",
                             "/rows/0", "/channels/0", "/mixes/0", "/upgrades/0"}) {
    const json::json_pointer object(parent);
    for (const auto& [name, value] : whole[object].items()) expect_error_without(object / name);
  }
  EXPECT_EQ(fields, 7 + 2 + 5 + 2 + 4 + 7 + 16 + 12 + 5 + 4);
}

TEST(SensitivityJson, NotADocument) {
  for (const char* text : {"null", "[]", "1", "\"x\""}) {
    const auto sensitivity = sensitivity_from_json(json::parse(text));
    ASSERT_FALSE(sensitivity.ok()) << text;
    EXPECT_EQ(sensitivity.error().where, "/");
    EXPECT_EQ(sensitivity_row_from_json(json::parse(text)).error().where, "/");
  }
}

}  // namespace
}  // namespace posittune::records
