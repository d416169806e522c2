#include "posittune/exporter/archive_json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

const std::string kGood = R"({"rows":2,"cols":3,"group":0,"compensated":true,"shape":[3,2],)"
                          R"("layout":{"rows":[[2,1]],"cols":[[3,2]]},"readers":["a"],)"
                          R"("groups":[{"bits":6,"formats":["posit<6,1>","int6"]}]})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ArchiveJson, WeightsBothWays) {
  const auto weight = weight_from_json(kGood, "here");
  ASSERT_TRUE(weight.ok()) << weight.error().message();
  EXPECT_EQ(weight->codes.groups.at(0).formats.at(1), test::format("int6"));
  EXPECT_EQ(weight->layout.cols, (std::vector<model::StoredAxis>{{3, 2}}));
  EXPECT_TRUE(weight->codes.compensated);
  EXPECT_EQ(weight_json(*weight).value(), kGood);
}

TEST(ArchiveJson, RefusesWhatDoesNotFit) {
  const std::pair<const char*, const char*> changes[] = {
      {"\"rows\":2", "\"rows\":-2"},
      {"\"rows\":2", "\"rows\":4"},
      {"\"rows\":2,\"cols\":3", "\"rows\":4294967296,\"cols\":4294967296"},
      {"\"shape\":[3,2]", "\"shape\":[3,3]"},
      {"\"shape\":[3,2]", "\"shape\":[4294967296,4294967296]"},
      {"[[2,1]]", "[[3,1]]"},
      {"[[2,1]]", "[[2,4]]"},
      {"[[2,1]]", "[[2,18446744073709551615]]"},
      {"[[2,1]]", "[[2]]"},
      {"[[2,1]]", "[2,1]"},
      {"[[2,1]]", "[[2,1],[1,-1]]"},
      {"\"cols\":[[3,2]]", "\"cools\":[[3,2]]"},
      {"\"readers\":[\"a\"]", "\"readers\":[1]"},
      {"\"readers\":[\"a\"]", "\"reader\":[]"},
      {"\"bits\":6", "\"bits\":33"},
      {"\"bits\":6", "\"bits\":0"},
      {"posit<6,1>", "posit<6,9>"},
      {"posit<6,1>", "p6e1"},
      {"true", "1"},
  };
  for (const auto& [from, to] : changes) {
    const auto weight = weight_from_json(with(from, to), "here");
    ASSERT_FALSE(weight.ok()) << from << " -> " << to;
    EXPECT_EQ(weight.error().kind, ErrorKind::kInput);
    EXPECT_TRUE(weight.error().where.starts_with("here")) << weight.error().message();
    EXPECT_FALSE(weight.error().expected.empty());
  }
}

TEST(ArchiveJson, InputsBothWays) {
  EXPECT_EQ(input_json({.operands = 2, .scales = {1}}), R"({"operands":2})");
  EXPECT_EQ(input_from_json(R"({"operands":2})", "x")->operands, 2U);
  EXPECT_FALSE(input_from_json(R"({"operands":2,"more":1})", "x").ok());
}

}  // namespace
}  // namespace posittune::exporter
