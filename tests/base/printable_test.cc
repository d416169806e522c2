#include "posittune/base/printable.h"

#include <gtest/gtest.h>

namespace posittune {
namespace {

TEST(Printable, Utf8StaysAndTheRestIsEscaped) {
  EXPECT_EQ(printable("couche_\xc3\xa9/\xe5\xb1\x82 \xf0\x9f\x99\x82"),
            "couche_\xc3\xa9/\xe5\xb1\x82 \xf0\x9f\x99\x82");
  EXPECT_EQ(printable("a\x1b[31mb\nc\r\x7f"), "a\\x1b[31mb\\x0ac\\x0d\\x7f");
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // C1: a terminal may take it as ESC [
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
  // Cut off, too long for its number, a surrogate, beyond the last code point.
  EXPECT_EQ(printable("\xe5\xb1"), "\\xe5\\xb1");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Printable, WidthInColumns) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("\xe5\xb1\x82\xe5\xb1\x82"), 4u);  // two Chinese characters
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);                 // e and a combining accent
  EXPECT_EQ(display_width("0.1 \xc2\xb1 0.2"), 9u);
  EXPECT_EQ(display_width("\xf0\x9f\x99\x82"), 2u);
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_width("abc", 2), "ab");
  EXPECT_EQ(cut_to_width("a\xe5\xb1\x82", 2), "a");
  EXPECT_EQ(cut_to_width("e\xcc\x81x", 1), "e\xcc\x81");
  EXPECT_EQ(cut_to_width("abc", 9), "abc");
}

}  // namespace
}  // namespace posittune
