#include "posittune/data/bad_input.h"

#include <gtest/gtest.h>

namespace posittune::data {
namespace {

TEST(BadInput, NamesEachPart) {
  const Error error = bad_input("a.npy", "it ends early", "8 bytes", "7 bytes", "write it again");
  EXPECT_EQ(error.kind, ErrorKind::kInput);
  EXPECT_EQ(
      error.message(),
      "it ends early\n  where: a.npy\n  expected: 8 bytes\n  found: 7 bytes\n  write it again");
}

}  // namespace
}  // namespace posittune::data
