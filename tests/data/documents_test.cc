#include "posittune/data/documents.h"

#include <gtest/gtest.h>

#include "tests/data/files.h"

namespace posittune::data {
namespace {

using Documents = std::vector<std::string>;

Documents split(const std::string& text) {
  const auto found = split_documents("f.txt", text);
  EXPECT_TRUE(found.ok()) << found.error().message();
  return found.ok() ? *found : Documents{};
}

void expect_line(const std::string& text, const std::string& line) {
  const auto found = split_documents("f.txt", text);
  ASSERT_FALSE(found.ok()) << text;
  EXPECT_TRUE(is_error(found.error(), ErrorKind::kInput, {"UTF-8", "f.txt, line " + line}));
}

TEST(Documents, BlankLinesSeparate) {
  EXPECT_EQ(split("a\nb\n\nc\n"), (Documents{"a\nb", "c"}));
  EXPECT_EQ(split("a\n\n\n \t\nb"), (Documents{"a", "b"}));
  EXPECT_EQ(split("\n\na\n\n"), (Documents{"a"}));
  EXPECT_EQ(split("a\r\nb\r\n\r\nc"), (Documents{"a\nb", "c"}));
  EXPECT_EQ(split("\xef\xbb\xbfone"), (Documents{"one"}));
  EXPECT_EQ(split("  kept  \n"), (Documents{"  kept  "}));
}

TEST(Documents, AllOfUtf8) {
  const std::string text =
      "\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 "
      "\xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf";
  EXPECT_EQ(split(text), Documents{text});
}

TEST(Documents, RefusesWhatIsNoText) {
  expect_line("ok\n\x80", "2");          // a later byte first
  expect_line("\xc1\xbf", "1");          // longer than needed
  expect_line("\xe0\x9f\xbf", "1");      // the same
  expect_line("\xed\xa0\x80", "1");      // a surrogate
  expect_line("\xf4\x90\x80\x80", "1");  // above 10FFFF
  expect_line("\xe2\x82", "1");          // cut off
  expect_line(std::string("a\n\nb\0c", 6), "3");
  for (const char* empty : {"", "\n", " \n\t\n"}) {
    const auto found = split_documents("f.txt", empty);
    ASSERT_FALSE(found.ok());
    EXPECT_TRUE(is_error(found.error(), ErrorKind::kInput, {"no text", "f.txt"}));
  }
}

}  // namespace
}  // namespace posittune::data
