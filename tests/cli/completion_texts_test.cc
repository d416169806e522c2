#include "posittune/cli/completion_texts.h"

#include <gtest/gtest.h>

namespace posittune::cli {
namespace {

TEST(CompletionTexts, TheFirstSentence) {
  EXPECT_EQ(short_help("what is rounded. w: weights"), "what is rounded");
  EXPECT_EQ(short_help("size of all; 60MB"), "size of all");
  EXPECT_EQ(short_help("a file (.npy)"), "a file (.npy)");
  EXPECT_EQ(short_help(""), "");
  const std::string text = short_help(std::string(50, 'a') + " " + std::string(50, 'b'));
  EXPECT_EQ(text, std::string(50, 'a') + " ...");
  EXPECT_LE(short_help(std::string(200, 'a')).size(), 76U);
}

TEST(CompletionTexts, OneWordOfAShell) {
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("that's"), "'that'\\''s'");
}

TEST(CompletionTexts, Joined) {
  EXPECT_EQ(joined({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(joined({}, ", "), "");
}

}  // namespace
}  // namespace posittune::cli
