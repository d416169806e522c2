// Rounding by binades against the codec: each float beside each boundary, and normal numbers.

#include "posittune/exporter/binades.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "posittune/formats/codec.h"

namespace posittune::exporter {
namespace {

using formats::Format;

std::vector<Format> all_formats() {
  std::vector<Format> all = {
      formats::fp16(),          formats::minifloat(4, 3), formats::minifloat(5, 2),
      formats::minifloat(3, 4), formats::minifloat(2, 5), formats::minifloat(2, 3),
      formats::minifloat(3, 2), formats::minifloat(2, 1), formats::minifloat(5, 6)};
  for (int n = 3; n <= 16; ++n) {
    for (int es = 0; es <= 4; ++es) all.push_back(formats::posit(n, es));
  }
  for (int bits = 2; bits <= 16; ++bits) all.push_back(formats::integer(bits));
  return all;
}

// Each value, each middle of two, and their neighbours.
std::vector<float> interesting(const Format& format) {
  std::vector<float> values;
  for (const double value : formats::value_table(format)) {
    if (std::isfinite(value) && std::abs(value) < 0x1p120)
      values.push_back(static_cast<float>(value));
  }
  std::ranges::sort(values);
  std::vector<float> x;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto add = [&](float at) {
    for (const float each : {at, std::nextafter(at, -kInfinity), std::nextafter(at, kInfinity)})
      x.push_back(each);
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    add(values[i]);
    if (i > 0) {
      add(static_cast<float>((double{values[i - 1]} + values[i]) / 2));
      // Posits round on their codes: the boundary may be the geometric middle.
      if (values[i - 1] > 0) add(std::sqrt(values[i - 1]) * std::sqrt(values[i]));
    }
  }
  return x;
}

TEST(Binades, RoundAsTheCodec) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (const Format& plain : all_formats()) {
    const Format format = formats::saturating(plain);
    const auto how = binades_of(plain);
    ASSERT_TRUE(how) << formats::name(plain);
    std::vector<float> x = interesting(plain);
    for (int i = 0; i < 2000; ++i) x.push_back(normal(random) * std::exp2(8 * normal(random)));
    x.insert(x.end(), {0.0F, 1e30F, -1e30F, 1e-30F, 0x1p-126F});
    for (const float each : x) {
      // Runtimes take subnormal floats, values and steps, for zero.
      const float least = formats::traits(plain).min < 0x1p-126 ? 0x1p-119F : 0x1p-126F;
      if (each != 0 && std::abs(each) < least) continue;
      ASSERT_EQ(how->round(each), formats::round_to_float(format, each))
          << formats::name(plain) << " of " << each;
    }
  }
}

TEST(Binades, OfBf16AreThoseAboveItsSubnormals) {
  const auto how = binades_of(formats::bf16());
  ASSERT_TRUE(how);
  const Format format = formats::saturating(formats::bf16());
  std::mt19937 random(2);
  std::uniform_int_distribution<int> exponent(-119, 127);
  std::uniform_real_distribution<float> mantissa(1, 2);
  for (int i = 0; i < 20000; ++i) {
    const float x = std::ldexp(mantissa(random), exponent(random));
    ASSERT_EQ(how->round(x), formats::round_to_float(format, x)) << x;
  }
  EXPECT_NEAR(how->round(0x1.234p-123F), 0x1.234p-123F, 0x1p-127F);
}

TEST(Binades, AreNotMadeOfWideFormats) {
  EXPECT_FALSE(binades_of(formats::posit(17, 1)));
  EXPECT_FALSE(binades_of(formats::fp32()));
}

}  // namespace
}  // namespace posittune::exporter
