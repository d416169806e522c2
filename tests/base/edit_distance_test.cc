#include "posittune/base/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace posittune {
namespace {

TEST(EditDistance, ByHand) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("ab", "ba"), 2U);  // no exchanges
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance(std::vector<int>{1, 2, 3}, std::vector<int>{1, 3}), 1U);
}

// The definition, without a table.
std::size_t by_definition(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const std::string x = a.substr(1), y = b.substr(1);
  if (a[0] == b[0]) return by_definition(x, y);
  return 1 + std::min({by_definition(x, b), by_definition(a, y), by_definition(x, y)});
}

TEST(EditDistance, EveryPairOfShortWords) {
  std::vector<std::string> words = {""};
  for (std::size_t i = 0; i < 1 + 3 + 9 + 27; ++i) {
    for (const char letter : {'a', 'b', 'c'}) words.push_back(words[i] + letter);
  }
  for (const std::string& a : words) {
    for (const std::string& b : words) {
      if (a.size() + b.size() > 6) continue;
      ASSERT_EQ(edit_distance(a, b), by_definition(a, b)) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace posittune
