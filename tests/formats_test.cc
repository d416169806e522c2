// posittune/formats.h alone gives all operations of formats.

#include "posittune/formats.h"

#include <gtest/gtest.h>

namespace posittune {
namespace {

// The example of the header.
TEST(FormatsHeader, ValuesAndCodes) {
  const auto format = posittune::formats::parse_format("posit<8,1>");
  ASSERT_TRUE(format.ok()) << format.error().message();
  const std::uint32_t code = posittune::formats::encode(*format, 1.5);
  EXPECT_EQ(code, 0x48U);
  EXPECT_EQ(formats::decode(*format, code), 1.5);
  EXPECT_EQ(formats::name(*format), "posit<8,1>");
}

TEST(FormatsHeader, Arithmetic) {
  const formats::Format posit = formats::posit(8, 1);
  const std::uint32_t one_and_a_half = formats::encode(posit, 1.5);
  EXPECT_EQ(formats::decode(posit, formats::posit_add(posit, one_and_a_half, one_and_a_half)), 3);
  formats::Quire sum(posit);
  sum.add_product(one_and_a_half, one_and_a_half);
  sum.sub_product(one_and_a_half, formats::encode(posit, 1));
  EXPECT_EQ(formats::decode(posit, sum.to_posit()), 0.75);
}

}  // namespace
}  // namespace posittune
