// SIGINT and SIGTERM as a flag. Each case in a process of its own: the flag stays set.

#include "posittune/base/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace posittune {
namespace {

[[noreturn]] void exit_after(int signal) {
  watch_interrupts();
  if (!check_interrupt()) std::exit(1);
  std::raise(signal);
  const Status s = check_interrupt();
  std::exit(s.ok() ? 2 : static_cast<int>(s.error().kind));
}

[[noreturn]] void raise_twice(int signal) {
  watch_interrupts();
  std::raise(signal);
  std::raise(signal);
  std::exit(3);
}

TEST(InterruptDeathTest, FirstSignalIsAFlagTheSecondEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const int signal : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(exit_after(signal), testing::ExitedWithCode(130), "");
    EXPECT_EXIT(raise_twice(signal), testing::KilledBySignal(signal), "");
  }
}

}  // namespace
}  // namespace posittune
