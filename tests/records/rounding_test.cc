#include "posittune/records/rounding.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(Rounding, WithoutNoiseThereIsNoRatio) {
  Rounding of{.format = "int8", .rule = "given", .scales = {2}, .elements = 4, .output = "o.npy"};
  of.sqnr_db = std::numeric_limits<double>::infinity();
  json row = json::parse(json_text(of))["rows"][0];
  EXPECT_TRUE(row["sqnr_db"].is_null());
  EXPECT_EQ(row["exact"], true);
  EXPECT_EQ(row["scales"], json::array({2.0}));
  of.noise = 1;
  of.sqnr_db = 20;
  row = json::parse(json_text(of))["rows"][0];
  EXPECT_EQ(row["sqnr_db"], 20.0);
  EXPECT_EQ(row["exact"], false);
}

}  // namespace
}  // namespace posittune::records
