#include "posittune/records/config_text.h"

#include <gtest/gtest.h>

namespace posittune::records {
namespace {

TEST(ConfigText, NamesAreOneLineOfUtf8) {
  EXPECT_EQ(quoted("layer.0"), "\"layer.0\"");
  EXPECT_EQ(quoted("a\"b\nc"), "\"a\\\"b\\nc\"");
  EXPECT_EQ(quoted("\xe5\xb1\x82"), "\"\xe5\xb1\x82\"");
  EXPECT_EQ(quoted("\xff"), "\"\xef\xbf\xbd\"");  // U+FFFD
  EXPECT_EQ(quoted(""), "\"\"");
}

}  // namespace
}  // namespace posittune::records
