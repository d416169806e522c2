// What is behind a session, opened by itself; its jobs are in session_test.cc.

#include "posittune/session/session_state.h"

#include <gtest/gtest.h>

#include "tests/model/models.h"

namespace posittune::session {
namespace {

TEST(SessionState, WithoutDataNothingIsMeasured) {
  Observer silent;
  const auto state = SessionState::open({.model = test::zoo("albert")}, Options{}, silent);
  ASSERT_TRUE(state.ok()) << state.error().message();
  const auto checked = check(CompareOptions{.formats = {"int8"}});
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ((*state)->compare(*checked).error().what, "no data to report on");
  EXPECT_EQ((*state)->estimate(*checked).error().kind, ErrorKind::kUsage);
  // The graph is looked at, not taken: twice is as good as once.
  for (int twice = 0; twice < 2; ++twice) {
    const auto found = (*state)->inspect({});
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_FALSE(found->rows.empty());
  }
}

TEST(SessionState, WhatDoesNotOpen) {
  Observer silent;
  EXPECT_EQ(SessionState::open({.model = "no such.onnx"}, Options{}, silent).error().kind,
            ErrorKind::kInput);
  const auto no_data = SessionState::open({.model = test::zoo("albert") + "/.."},
                                          {.report = "none.npz"}, Options{}, silent);
  EXPECT_FALSE(no_data.ok());
}

}  // namespace
}  // namespace posittune::session
