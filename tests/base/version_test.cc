#include "posittune/base/version.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace posittune {
namespace {

TEST(Version, Forms) {
  EXPECT_TRUE(std::regex_match(kVersion, std::regex("\\d+\\.\\d+\\.\\d+"))) << kVersion;
}

}  // namespace
}  // namespace posittune
