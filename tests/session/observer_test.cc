#include "posittune/session/observer.h"

#include <gtest/gtest.h>

namespace posittune::session {
namespace {

struct Stopped : Observer {
  bool stop = false;
  bool cancelled() override { return stop; }
};

TEST(Observer, StopsWhenItSaysSo) {
  Stopped observer;
  const Advance advance = observer.step("work", 10, "items");
  EXPECT_TRUE(advance(3).ok());
  observer.stop = true;
  const Status ended = advance(3);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().kind, ErrorKind::kInterrupted);
  observer.stop = false;
  EXPECT_TRUE(advance(3).ok());
}

TEST(Observer, OfItselfIsSilentAndNeverStops) {
  Observer observer;
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  observer.note("x");
  EXPECT_TRUE(observer.step("work", 0, "")(1).ok());
  EXPECT_FALSE(observer.cancelled());
  EXPECT_EQ(testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace posittune::session
