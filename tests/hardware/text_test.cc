#include "posittune/hardware/text.h"

#include <gtest/gtest.h>

namespace posittune::hardware {
namespace {

TEST(Text, DigitsOfTheFourLowestBits) {
  std::string digits;
  for (unsigned value = 0; value < 18; ++value) digits += hex_digit(value);
  EXPECT_EQ(digits, "0123456789abcdef01");
}

TEST(Text, EveryPlaceIsReplacedOnce) {
  EXPECT_EQ(replaced("a @X@ b @X@", "@X@", "cell"), "a cell b cell");
  EXPECT_EQ(replaced("nothing", "@X@", "cell"), "nothing");
  EXPECT_EQ(replaced("xx", "x", "xx"), "xxxx");  // what was put in is not looked at
  EXPECT_EQ(replaced("aXb", "X", ""), "ab");
}

}  // namespace
}  // namespace posittune::hardware
