#include "posittune/base/child_process.h"

#include <gtest/gtest.h>

#include <utility>

namespace posittune {
namespace {

TEST(ChildProcess, AnswersInLines) {
  auto cat = ChildProcess::start({"cat"});
  ASSERT_TRUE(cat);
  ChildProcess moved = std::move(*cat);
  const std::string long_line(100000, 'x');
  for (const std::string& line : {std::string("one"), std::string(), long_line}) {
    ASSERT_TRUE(moved.write_line(line));
    const auto answer = moved.read_line();
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, line);
  }
}

TEST(ChildProcess, SeveralLinesAtOnceAreKept) {
  auto process = ChildProcess::start({"sh", "-c", "printf 'a\\nb\\nc'"});
  ASSERT_TRUE(process);
  EXPECT_EQ(*process->read_line(), "a");
  EXPECT_EQ(*process->read_line(), "b");
  EXPECT_FALSE(process->read_line());  // no line: its end is missing
}

TEST(ChildProcess, OneThatEndsIsAnErrorNotASignal) {
  auto process = ChildProcess::start({"true"});
  ASSERT_TRUE(process);
  const auto line = process->read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().kind, ErrorKind::kResource);
  EXPECT_EQ(line.error().where, "true");
  EXPECT_FALSE(process->write_line("anyone?"));
}

TEST(ChildProcess, AProgramThatDoesNotExistEndsAtOnce) {
  auto process = ChildProcess::start({"no-such-program-of-posittune"});
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->read_line());
}

}  // namespace
}  // namespace posittune
