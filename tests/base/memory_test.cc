#include "posittune/base/memory.h"

#include <gtest/gtest.h>

namespace posittune {
namespace {

TEST(Memory, BadAllocBecomesAnError) {
  const Status none = within_memory("layer 'a'", []() -> Status { throw std::bad_alloc(); });
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kResource);
  EXPECT_EQ(none.error().where, "layer 'a'");
  const Result<int> some = within_memory("", []() -> Result<int> { return 3; });
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(*some, 3);
  const Result<int> other = within_memory(
      "", []() -> Result<int> { return Error{.kind = ErrorKind::kInput, .what = "x"}; });
  EXPECT_EQ(other.error().kind, ErrorKind::kInput);
}

TEST(Memory, WhatOtherLibrariesSay) {
  for (const char* said :
       {"std::bad_alloc", "node 'x' can't allocate 64 bytes", "Cannot allocate memory",
        "out of memory", "Resource temporarily unavailable"}) {
    EXPECT_TRUE(memory_ended(said)) << said;
  }
  EXPECT_FALSE(memory_is_short());
  EXPECT_FALSE(memory_ended("shapes do not match"));
}

}  // namespace
}  // namespace posittune
