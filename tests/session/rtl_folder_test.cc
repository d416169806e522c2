#include "posittune/session/rtl_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

TEST(RtlFolder, IsWhereTheVariableSaysOrNowhere) {
  const TemporaryFolder folder;
  ::setenv("POSITTUNE_RTL", folder.file("").c_str(), 1);
  EXPECT_FALSE(rtl_folder().has_value());
  std::filesystem::create_directories(folder.file("src"));
  write_bytes(folder.file("src/posit_mac.sv"), "module");
  EXPECT_EQ(rtl_folder(), folder.file(""));
  EXPECT_FALSE(rtl_costs().has_value());
  std::filesystem::create_directories(folder.file("syn"));
  write_bytes(folder.file("syn/costs.csv"), "weight");
  ASSERT_TRUE(rtl_costs().has_value());
  EXPECT_EQ(std::filesystem::path(*rtl_costs()), folder.file("syn/costs.csv"));
  ::unsetenv("POSITTUNE_RTL");
}

}  // namespace
}  // namespace posittune::session
