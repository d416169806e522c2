#include "posittune/base/version.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace posittune {
namespace {

TEST(Version, Forms) {
  EXPECT_TRUE(std::regex_match(kVersion, std::regex("\\d+\\.\\d+\\.\\d+"))) << kVersion;
  EXPECT_TRUE(std::regex_match(commit(), std::regex("([0-9a-f]{7,40}(\\+changes)?)?"))) << commit();
  EXPECT_TRUE(std::regex_match(fingerprint(), std::regex("[0-9a-f]{16}"))) << fingerprint();
}

}  // namespace
}  // namespace posittune
