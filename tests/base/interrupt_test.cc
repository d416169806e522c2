// SIGINT and SIGTERM as a flag. Each case in a process of its own: the flag stays set.

#include "posittune/base/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace posittune {
namespace {

// Signals are taken by a thread of their own, in its time.
bool interrupted_soon() {
  for (int i = 0; i < 2000 && check_interrupt(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return !check_interrupt();
}

[[noreturn]] void exit_after(int signal) {
  watch_interrupts();
  if (!check_interrupt()) std::exit(1);
  ::kill(::getpid(), signal);
  if (!interrupted_soon()) std::exit(2);
  std::exit(check_interrupt().error().kind == ErrorKind::kInterrupted ? 130 : 4);
}

[[noreturn]] void raise_twice(int signal) {
  watch_interrupts();
  ::kill(::getpid(), signal);
  if (!interrupted_soon()) std::exit(2);
  ::kill(::getpid(), signal);
  std::this_thread::sleep_for(std::chrono::seconds(10));
  std::exit(3);
}

TEST(InterruptDeathTest, FirstSignalIsAFlagTheSecondEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, SIG_DFL);  // a shell may have us ignore it
    EXPECT_EXIT(exit_after(signal), testing::ExitedWithCode(130), "");
    EXPECT_EXIT(raise_twice(signal), testing::KilledBySignal(signal), "");
  }
}

TEST(InterruptSource, IsAskedByItsThreadWhileItLives) {
  bool stop = false;
  std::size_t asked = 0;
  {
    const InterruptSource source([&] {
      ++asked;
      return stop;
    });
    EXPECT_TRUE(check_interrupt().ok());
    EXPECT_TRUE(check_interrupt().ok());  // not asked again so soon
    EXPECT_EQ(asked, 1U);
    stop = true;
    for (int i = 0; i < 2000 && check_interrupt(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(check_interrupt().error().kind, ErrorKind::kInterrupted);
    stop = false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(check_interrupt().ok());  // it stays so
    std::thread([] { EXPECT_TRUE(check_interrupt().ok()); }).join();
    {
      const InterruptSource inner([] { return false; });
      EXPECT_TRUE(check_interrupt().ok());
    }
    EXPECT_FALSE(check_interrupt().ok());
  }
  EXPECT_TRUE(check_interrupt().ok());
}

}  // namespace
}  // namespace posittune
