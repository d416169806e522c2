// posittune/arrays.h alone chooses scales, quantizes, encodes, decodes and packs.

#include "posittune/arrays.h"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace posittune {
namespace {

TEST(ArraysHeader, FromScalesToPackedCodes) {
  const formats::Format int4 = formats::parse_format("int4").value();
  const std::vector<float> x = {3.5F, -1.75F, 0.4F, 0};
  const kernels::Shape shape{1, 4};
  const auto scales = quant::choose_scales(int4, quant::ScaleRule::kAbsmax, x, shape, false);
  ASSERT_TRUE(scales.ok()) << scales.error().message();
  EXPECT_EQ(*scales, (std::vector<float>{2}));  // 3.5 to 7, the most of int4

  const std::vector<float> expected = {3.5F, -2, 0.5F, 0};  // -3.5 is a tie: to even
  std::vector<float> y(4), decoded(4);
  ASSERT_TRUE(kernels::quantize(int4, x, shape, {*scales}, y).ok());
  EXPECT_EQ(y, expected);
  std::vector<std::uint8_t> codes(4), packed(kernels::packed_bytes(4, 4)), unpacked(4);
  ASSERT_TRUE(kernels::encode<std::uint8_t>(int4, x, shape, {*scales}, codes).ok());
  EXPECT_EQ(codes, (std::vector<std::uint8_t>{0x7, 0xc, 0x1, 0x0}));
  ASSERT_TRUE(kernels::decode<std::uint8_t>(int4, codes, shape, {*scales}, decoded).ok());
  EXPECT_EQ(decoded, expected);
  ASSERT_TRUE(kernels::pack<std::uint8_t>(codes, 4, packed).ok());
  EXPECT_EQ(packed, (std::vector<std::uint8_t>{0xc7, 0x01}));
  ASSERT_TRUE(kernels::unpack<std::uint8_t>(packed, 4, unpacked).ok());
  EXPECT_EQ(unpacked, codes);
}

TEST(ArraysHeader, Statistics) {
  const std::vector<float> x = {3, -4};
  const auto statistics = kernels::statistics(x);
  ASSERT_TRUE(statistics.ok()) << statistics.error().message();
  EXPECT_EQ(statistics->count, 2U);
  EXPECT_EQ(statistics->absmax, 4);
}

}  // namespace
}  // namespace posittune
