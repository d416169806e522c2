#include "posittune/records/sensitivity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "posittune/records/sensitivity_json.h"

namespace posittune::records {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

SensitivityRow small_row() {
  return {.layer = "/h.0/mlp",
          .weight = "h.0.mlp.weight",
          .format = "posit<8,1>",
          .scale = "rms_pow2",
          .granularity = "channel",
          .what = "wa",
          .tier = "exact",
          .score = 0.5,
          .low = 0.25,
          .high = 0.75,
          .error = 1.5,
          .signal = 12,
          .bits = 8200,
          .parameters = 1024,
          .units = 64,
          .stopped = "tight"};
}

// Each field differs from its default.
Sensitivity small_sensitivity() {
  Sensitivity sensitivity;
  sensitivity.model = {"gpt2.onnx", "aa"};
  sensitivity.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  sensitivity.data["search"] = {"text.npz", "npz", 64, "document", "bb"};
  sensitivity.cuts = {{{"/h.0/Add", "mask"}, 4096}};
  sensitivity.costs = {{"gain", 2.5, 1.25, 12}};
  sensitivity.agreement = {{"gain", "exact", "w", 36, 0.98, 0.97, 1.125}};
  sensitivity.rows = {small_row()};
  sensitivity.channels = {{"/h.0/mlp", "h.0.mlp.weight", "int4", "mse", "channel", 8, 4, "proxy",
                           0.125, -1, 1, 0.0625}};
  sensitivity.mixes = {{6.5, 0.25, 0.3125, 0.28125, 0.34375}};
  sensitivity.upgrades = {{"score", 3, 4.75, 0.875}};
  return sensitivity;
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
    "search": {
      "path": "text.npz",
      "kind": "npz",
      "items": 64,
      "unit": "document",
      "sha256": "bb"
    }
  },
  "cuts": [
    {
      "tensors": [
        "/h.0/Add",
        "mask"
      ],
      "bytes": 4096
    }
  ],
  "costs": [
    {
      "tier": "gain",
      "seconds": 2.5,
      "evaluations": 1.25,
      "probes": 12
    }
  ],
  "agreement": [
    {
      "tier": "gain",
      "reference": "exact",
      "what": "w",
      "pairs": 36,
      "spearman": 0.98,
      "r2_log": 0.97,
      "ratio": 1.125
    }
  ],
  "rows": [
    {
      "layer": "/h.0/mlp",
      "weight": "h.0.mlp.weight",
      "format": "posit<8,1>",
      "scale": "rms_pow2",
      "granularity": "channel",
      "what": "wa",
      "tier": "exact",
      "score": 0.5,
      "low": 0.25,
      "high": 0.75,
      "error": 1.5,
      "signal": 12.0,
      "bits": 8200.0,
      "parameters": 1024,
      "units": 64,
      "stopped": "tight"
    }
  ],
  "channels": [
    {
      "layer": "/h.0/mlp",
      "weight": "h.0.mlp.weight",
      "format": "int4",
      "scale": "mse",
      "granularity": "channel",
      "first": 8,
      "count": 4,
      "tier": "proxy",
      "score": 0.125,
      "low": -1.0,
      "high": 1.0,
      "error": 0.0625
    }
  ],
  "mixes": [
    {
      "bits_per_weight": 6.5,
      "predicted": 0.25,
      "measured": 0.3125,
      "low": 0.28125,
      "high": 0.34375
    }
  ],
  "upgrades": [
    {
      "order": "score",
      "windows": 3,
      "bits_per_weight": 4.75,
      "loss": 0.875
    }
  ]
}
)";

TEST(Sensitivity, JsonText) { EXPECT_EQ(json_text(small_sensitivity()), kSmallText); }

TEST(Sensitivity, ReadsTheText) {
  const auto sensitivity = sensitivity_from_json(json::parse(kSmallText));
  ASSERT_TRUE(sensitivity.ok()) << sensitivity.error().message();
  EXPECT_EQ(*sensitivity, small_sensitivity());
}

TEST(Sensitivity, RowAlone) {
  const auto row = sensitivity_row_from_json(json(to_json(small_row())));
  ASSERT_TRUE(row.ok()) << row.error().message();
  EXPECT_EQ(*row, small_row());
}

// Older documents do not have it.
TEST(Sensitivity, RoundingThatIsNotToNearest) {
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

TEST(Sensitivity, NothingYet) {
  const Sensitivity empty;
  const json document = json::parse(json_text(empty));
  EXPECT_TRUE(document["data"].is_object());
  for (const char* name : {"cuts", "costs", "agreement", "rows"}) {
    EXPECT_TRUE(document[name].is_array()) << name;
  }
  EXPECT_EQ(*sensitivity_from_json(document), empty);
}

TEST(Sensitivity, WhatWasNotAskedForIsNotThere) {
  Sensitivity sensitivity = small_sensitivity();
  sensitivity.channels.clear();
  sensitivity.mixes.clear();
  sensitivity.upgrades.clear();
  json document = json::parse(kSmallText);
  for (const char* name : {"channels", "mixes", "upgrades"}) document.erase(name);
  EXPECT_EQ(json(to_json(sensitivity)), document);
  EXPECT_EQ(*sensitivity_from_json(document), sensitivity);
}

TEST(Sensitivity, NumbersThatJsonDoesNotHave) {
  SensitivityRow row = small_row();
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
TEST(Sensitivity, AnyNumberReadsBack) {
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

TEST(Sensitivity, UnknownFieldsAreIgnored) {
  json document = json::parse(kSmallText);
  document["later"] = 1;
  for (const char* name : {"cuts", "costs", "agreement", "rows", "channels", "mixes", "upgrades"}) {
    document[name][0]["later"] = {1, 2};
  }
  const auto sensitivity = sensitivity_from_json(document);
  ASSERT_TRUE(sensitivity.ok()) << sensitivity.error().message();
  EXPECT_EQ(*sensitivity, small_sensitivity());
}

TEST(Sensitivity, NameThatIsNotUtf8) {
  Sensitivity sensitivity = small_sensitivity();
  sensitivity.rows[0].layer = "a\xff";
  EXPECT_EQ(json::parse(json_text(sensitivity))["rows"][0]["layer"], "a\xef\xbf\xbd");
}

TEST(Sensitivity, WrongTypesAreNamed) {
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
    json document = json::parse(kSmallText);
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
TEST(Sensitivity, EveryMissingFieldIsNamed) {
  const json whole = json::parse(kSmallText);
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

TEST(Sensitivity, NotADocument) {
  for (const char* text : {"null", "[]", "1", "\"x\""}) {
    const auto sensitivity = sensitivity_from_json(json::parse(text));
    ASSERT_FALSE(sensitivity.ok()) << text;
    EXPECT_EQ(sensitivity.error().where, "/");
    EXPECT_EQ(sensitivity_row_from_json(json::parse(text)).error().where, "/");
  }
}

TEST(Sensitivity, CsvText) {
  SensitivityRow activations;
  activations.layer = "say \"x\"\n";
  activations.format = "int8";
  activations.scale = "absmax";
  activations.granularity = "tensor";
  activations.what = "a";
  activations.tier = "proxy";
  activations.score = 1e-30;
  activations.low = std::nan("");
  activations.high = kInfinity;
  EXPECT_EQ(csv_text(std::vector{small_row(), activations}),
            "layer,weight,format,scale,granularity,what,tier,score,low,high,error,signal,bits,"
            "parameters,units,stopped\n"
            "/h.0/mlp,h.0.mlp.weight,\"posit<8,1>\",rms_pow2,channel,wa,exact,0.5,0.25,0.75,1.5,"
            "12,8200,1024,64,tight\n"
            "\"say \"\"x\"\"\n\",,int8,absmax,tensor,a,proxy,1e-30,NaN,Infinity,0,0,0,0,0,\n");
}

TEST(Sensitivity, ChannelsCsvText) {
  EXPECT_EQ(csv_text(small_sensitivity().channels),
            "layer,weight,format,scale,granularity,first,count,tier,score,low,high,error\n"
            "/h.0/mlp,h.0.mlp.weight,int4,mse,channel,8,4,proxy,0.125,-1,1,0.0625\n");
}

TEST(Sensitivity, CsvWithoutRows) {
  EXPECT_EQ(csv_text(std::vector<ChannelRow>{}),
            "layer,weight,format,scale,granularity,first,count,tier,score,low,high,error\n");
}

}  // namespace
}  // namespace posittune::records
