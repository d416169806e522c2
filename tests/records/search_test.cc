#include "posittune/records/search.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "posittune/records/search_json.h"

namespace posittune::records {
namespace {

using nlohmann::json;

SearchResult small_result() {
  SearchResult result;
  result.model = {"gpt2.onnx", "aa"};
  result.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  result.data["report"] = {"text.npz", "npz", 64, "document", "bb"};
  result.costs = {{"gain", 2.5, 1.25, 12}};
  result.refinement = {{"h.0: posit<4,1> -> int5", -0.25, -0.125, -0.1875, -0.0625, "better"}};
  SearchRow row{.recipe = "search-4.5.yaml",
                .method = "search",
                .budget = "bits 4.5",
                .bits_per_weight = 4.5,
                .bytes = 1024,
                .activation_bits = 32,
                .mac_bits = 144,
                .energy = 1e6,
                .area = 250,
                .predicted_loss = 0.25,
                .search_loss = {0.3125, 0.25, 0.375},
                .metrics = {},
                .optimality_gap = 1e-10,
                .seconds = 1.5,
                .nonfinite = 2};
  row.metrics["kl"] = {{0.5, 0.25, 0.75}, {}, false};
  row.metrics["perplexity"] = {{20, 19, 21}, Estimate{0.5, 0.25, 0.75}, true};
  result.rows = {row};
  return result;
}

TEST(SearchRecord, ComesBackFromJson) {
  const SearchResult result = small_result();
  const auto back = search_result_from_json(json::parse(json_text(result)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, result);
  const auto row = search_row_from_json(json(to_json(result.rows[0])));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(*row, result.rows[0]);
}

// The names that the documentation of `posittune search --json` promises.
TEST(SearchRecord, NamesOfARow) {
  const auto row = to_json(small_result().rows[0]);
  for (const char* name : {"recipe", "bits_per_weight", "bytes", "energy", "search_loss", "metrics",
                           "optimality_gap"}) {
    EXPECT_TRUE(row.contains(name)) << name;
  }
  EXPECT_EQ(row["search_loss"]["high"], 0.375);
  EXPECT_EQ(row["metrics"]["perplexity"]["delta"]["low"], 0.25);
  EXPECT_FALSE(row["metrics"]["kl"].contains("delta"));
}

TEST(SearchRecord, NumbersThatAreNone) {
  SearchResult result = small_result();
  result.rows[0].predicted_loss = std::numeric_limits<double>::infinity();
  const auto back = search_result_from_json(json::parse(json_text(result)));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->rows[0].predicted_loss, std::numeric_limits<double>::infinity());
}

TEST(SearchRecord, MissingAndWrongFieldsAreNamed) {
  json document = json::parse(json_text(small_result()));
  document["rows"][0].erase("bytes");
  auto back = search_result_from_json(document);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message().find("/rows/0"), std::string::npos) << back.error().message();
  document = json::parse(json_text(small_result()));
  document["rows"][0]["metrics"]["kl"]["value"] = "much";
  back = search_result_from_json(document);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message().find("/rows/0/metrics/kl/value"), std::string::npos)
      << back.error().message();
}

TEST(SearchRecord, CsvHasALineForEachMetric) {
  EXPECT_EQ(
      csv_text(small_result().rows),
      "recipe,method,budget,bits_per_weight,bytes,activation_bits,mac_bits,energy,area,predicted_"
      "loss,search_loss,"
      "optimality_gap,metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n"
      "search-4.5.yaml,search,bits "
      "4.5,4.5,1024,32,144,1e+06,250,0.25,0.3125,1e-10,kl,0.5,0.25,0.75,,,,false,2\n"
      "search-4.5.yaml,search,bits "
      "4.5,4.5,1024,32,144,1e+06,250,0.25,0.3125,1e-10,perplexity,20,19,21,0.5,0.25,0.75,true,2\n");
}

}  // namespace
}  // namespace posittune::records
