#include "posittune/cli/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

namespace posittune::cli {
namespace {

struct Captured {
  std::ostringstream out, err;
  Streams streams(bool terminal) {
    Streams made{out, err};
    made.terminal = terminal;
    return made;
  }
};

TEST(Progress, ShortStepsAreSilent) {
  for (const bool terminal : {false, true}) {
    Captured captured;
    {
      Progress progress(captured.streams(terminal), "work", 10);
      for (int i = 0; i < 10; ++i) progress.advance(1);
    }
    EXPECT_EQ(captured.err.str() + captured.out.str(), "");
  }
}

// After a second: how much, how fast, how long; the line goes when the step ends.
TEST(Progress, ALineIsRedrawnOnATerminal) {
  Captured captured;
  {
    Progress progress(captured.streams(true), "wo\x1brk", 4, "items");
    std::this_thread::sleep_for(std::chrono::milliseconds(1050));
    progress.advance(1);
    const std::string line = captured.err.str();
    EXPECT_NE(line.find(" 25 %"), std::string::npos) << line;
    EXPECT_NE(line.find("items/s"), std::string::npos) << line;
    EXPECT_NE(line.find("3 s left"), std::string::npos) << line;
    EXPECT_EQ(line.find("wo\x1brk"), std::string::npos);  // no controls of a title
    EXPECT_EQ(line.find('\n'), std::string::npos);
    // All units are done and the step goes on: no rate that falls, and no "0 s left".
    progress.advance(3);
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    progress.advance(0);
    const std::string later = captured.err.str().substr(line.size());
    EXPECT_NE(later.find("100 %, finishing, 1 s so far"), std::string::npos) << later;
    EXPECT_EQ(later.find("left"), std::string::npos) << later;
  }
  EXPECT_TRUE(captured.err.str().ends_with("\r\033[K"));
  EXPECT_EQ(captured.out.str(), "");
}

}  // namespace
}  // namespace posittune::cli
