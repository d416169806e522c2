// posittune/posittune.h alone is all that the installed package offers.

#include "posittune/posittune.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace posittune {
namespace {

TEST(PosittuneHeader, HasAllParts) {
  EXPECT_EQ(std::string(kVersion), POSITTUNE_VERSION);
  const formats::Format posit = formats::parse_format("posit<8,1>").value();  // formats.h
  std::vector<float> y(1);
  const std::vector<float> x = {1.51F}, one = {1};
  ASSERT_TRUE(kernels::quantize(posit, x, {1, 1}, {one}, y).ok());  // arrays.h
  EXPECT_EQ(y[0], 1.5F);
  EXPECT_FALSE(session::check(session::CompareOptions{.formats = {""}}).ok());  // session.h
}

}  // namespace
}  // namespace posittune
