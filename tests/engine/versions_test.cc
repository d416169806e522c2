#include "posittune/engine/versions.h"

#include <gtest/gtest.h>

#include <regex>

namespace posittune::engine {
namespace {

TEST(Versions, NameWhatResultsDependOn) {
  const auto all = versions();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all.at("sources"), fingerprint());
  EXPECT_TRUE(std::regex_match(all.at("sources"), std::regex("[0-9a-f]{16}")));
  EXPECT_TRUE(std::regex_match(all.at("onednn"), std::regex(R"([23]\.\d+\.\d+)")));
  EXPECT_FALSE(all.at("openvino").empty());
  EXPECT_NE(all.at("products").find("bf16 formats: "), std::string::npos);
}

}  // namespace
}  // namespace posittune::engine
