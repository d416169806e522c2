// NaN, infinities and the ends of fp32's range in arrays, as arrays.h documents them.

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// NaN, +inf and -inf through quantize, encode and decode.
struct SpecialCase {
  const char* format;
  float nan, positive, negative;                         // quantize
  std::uint16_t nan_code, positive_code, negative_code;  // encode
};

TEST(ArraysSpecials, NanAndInfinitiesAreNeverSilent) {
  const SpecialCase cases[] = {
      {"posit<8,1>", kNan, kNan, kNan, 0x80, 0x80, 0x80},
      {"posit<8,1>ftz", kNan, kNan, kNan, 0x80, 0x80, 0x80},
      {"posit<16,4>", kNan, kNan, kNan, 0x8000, 0x8000, 0x8000},
      {"int8", kNan, 127, -127, 0x80, 0x7f, 0x81},
      {"int4", kNan, 7, -7, 0x8, 0x7, 0x9},
      {"fp8_e4m3", kNan, 448, -448, 0x7f, 0x7e, 0xfe},
      {"fp8_e5m2", kNan, 57344, -57344, 0x7e, 0x7b, 0xfb},
      {"fp6_e2m3", kNan, 7.5f, -7.5f, 0x1f, 0x1f, 0x3f},
      {"fp16", kNan, kInfinity, -kInfinity, 0x7e00, 0x7c00, 0xfc00},
      {"bf16", kNan, kInfinity, -kInfinity, 0x7fc0, 0x7f80, 0xff80},
  };
  const std::vector<float> x = {kNan, kInfinity, -kInfinity}, one = {1.0f};
  for (const Target* target : all_targets()) {
    const ScopedTarget scoped(*target);
    for (const SpecialCase& c : cases) {
      const Format format = formats::parse_format(c.format).value();
      std::vector<float> y(3);
      std::vector<std::uint16_t> codes(3);
      ASSERT_TRUE(quantize(format, x, {1, 3}, {one}, y).ok());
      ASSERT_TRUE(encode<std::uint16_t>(format, x, {1, 3}, {one}, codes).ok());
      const std::vector<float> values = {c.nan, c.positive, c.negative};
      EXPECT_EQ((mismatch<float, float>(values, y, x)), "") << target->name << " " << c.format;
      const std::vector<std::uint16_t> want = {c.nan_code, c.positive_code, c.negative_code};
      EXPECT_EQ((mismatch<std::uint16_t, float>(want, codes, x)), "")
          << target->name << " " << c.format;
    }
  }
}

// A finite x does not become an infinity or zero by the scaling alone where the format is a posit.
TEST(ArraysSpecials, ScalingSaturatesInPosits) {
  const std::vector<float> x = {FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, -FLT_TRUE_MIN};
  std::vector<std::uint8_t> codes(4);
  ASSERT_TRUE(
      encode<std::uint8_t>(formats::posit(8, 1), x, {1, 4}, {std::vector<float>{1e30f}}, codes)
          .ok());
  EXPECT_EQ(codes, (std::vector<std::uint8_t>{0x7f, 0x81, 0x01, 0xff}));
  ASSERT_TRUE(
      encode<std::uint8_t>(formats::posit(8, 1), x, {1, 4}, {std::vector<float>{1e-30f}}, codes)
          .ok());
  EXPECT_EQ(codes, (std::vector<std::uint8_t>{0x7f, 0x81, 0x01, 0xff}));
}

// By all values of the formats: exact_in_bf16 says what is true.
TEST(ArraysSpecials, ExactInBf16IsTrueOfEveryValue) {
  for (const Format& format : plain_formats()) {
    if (format.bits > 16 || !exact_in_bf16(format)) continue;
    for (const double value : formats::value_table(format)) {
      if (std::isnan(value)) continue;
      ASSERT_EQ(formats::round(formats::bf16(), value), value) << formats::name(format);
    }
  }
  for (const char* name :
       {"posit<8,0>", "posit<8,4>", "posit<6,1>", "int9", "fp8_e4m3", "fp8_e5m2"}) {
    EXPECT_TRUE(exact_in_bf16(formats::parse_format(name).value())) << name;
  }
}

}  // namespace
}  // namespace posittune::kernels
