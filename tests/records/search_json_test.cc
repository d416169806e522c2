#include "posittune/records/search_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(SearchJson, ComesBackFromJson) {
  const SearchResult result = small_search();
  const auto back = search_result_from_json(json::parse(json_text(result)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, result);
  const auto row = search_row_from_json(json(to_json(result.rows[0])));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(*row, result.rows[0]);
}

// The names that the documentation of `posittune search --json` promises.
TEST(SearchJson, NamesOfARow) {
  const auto row = to_json(small_search().rows[0]);
  for (const char* name : {"recipe", "bits_per_weight", "bytes", "energy", "search_loss", "metrics",
                           "optimality_gap"}) {
    EXPECT_TRUE(row.contains(name)) << name;
  }
  EXPECT_EQ(row["search_loss"]["high"], 0.375);
  EXPECT_EQ(row["metrics"]["perplexity"]["delta"]["low"], 0.25);
  EXPECT_FALSE(row["metrics"]["kl"].contains("delta"));
}

TEST(SearchJson, NumbersThatAreNone) {
  SearchResult result = small_search();
  result.rows[0].predicted_loss = std::numeric_limits<double>::infinity();
  const auto back = search_result_from_json(json::parse(json_text(result)));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->rows[0].predicted_loss, std::numeric_limits<double>::infinity());
}

TEST(SearchJson, MissingAndWrongFieldsAreNamed) {
  json document = json::parse(json_text(small_search()));
  document["rows"][0].erase("bytes");
  auto back = search_result_from_json(document);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message().find("/rows/0"), std::string::npos) << back.error().message();
  document = json::parse(json_text(small_search()));
  document["rows"][0]["metrics"]["kl"]["value"] = "much";
  back = search_result_from_json(document);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message().find("/rows/0/metrics/kl/value"), std::string::npos)
      << back.error().message();
}

}  // namespace
}  // namespace posittune::records
