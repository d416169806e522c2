#include "posittune/formats/unpacked.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace posittune::formats {
namespace {

TEST(Unpacked, ByHand) {
  const Unpacked u = unpack(-6.5);  // -1.625 x 2^2
  EXPECT_EQ(u.kind, Unpacked::Kind::kFinite);
  EXPECT_TRUE(u.negative);
  EXPECT_EQ(u.exponent, 2);
  EXPECT_EQ(u.significand, 0b1101ULL << 60);
  EXPECT_FALSE(u.sticky);
  const Unpacked least = unpack(std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(least.exponent, -1074);
  EXPECT_EQ(least.significand, 1ULL << 63);
}

TEST(Unpacked, Specials) {
  EXPECT_EQ(unpack(std::nan("")).kind, Unpacked::Kind::kNan);
  EXPECT_EQ(unpack(-INFINITY).kind, Unpacked::Kind::kInfinite);
  EXPECT_TRUE(unpack(-INFINITY).negative);
  EXPECT_EQ(unpack(-0.0).kind, Unpacked::Kind::kZero);
  EXPECT_TRUE(std::signbit(pack(unpack(-0.0))));
  EXPECT_EQ(pack(unpack(-INFINITY)), -INFINITY);
  EXPECT_TRUE(std::isnan(pack(special(Unpacked::Kind::kNan, true))));
}

TEST(Unpacked, NormalNumbersComeBack) {
  std::mt19937_64 generator(1);
  for (int i = 0; i < 10000; ++i) {
    const double x = std::bit_cast<double>(generator());
    if (!std::isnormal(x)) continue;
    ASSERT_EQ(pack(unpack(x)), x);
  }
}

TEST(Unpacked, NormalizedHasItsTopBitSet) {
  const Unpacked u = normalized(false, 5, -3, true);  // 5 x 2^-3 and something
  EXPECT_EQ(u.significand, 5ULL << 61);
  EXPECT_EQ(u.exponent, -1);
  EXPECT_TRUE(u.sticky);
  EXPECT_EQ(pack(u), 0.625);
}

// Every string of 6 bits: to the nearest, ties to the even one, ties with a rest upwards.
TEST(RoundString, EveryShortString) {
  EXPECT_EQ(round_string(13, 0, true), 13U);
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (int drop = 1; drop <= 6; ++drop) {
      for (const bool sticky : {false, true}) {
        const double exact = std::ldexp(bits + (sticky ? 0.5 : 0.0), -drop);
        // nearbyint rounds ties to even, and half a bit of rest breaks a tie as any rest does.
        ASSERT_EQ(round_string(bits, drop, sticky),
                  static_cast<std::uint64_t>(std::nearbyint(exact)))
            << bits << " " << drop << " " << sticky;
      }
    }
  }
}

TEST(RoundString, LongStrings) {
  const auto one = static_cast<unsigned __int128>(1);
  EXPECT_EQ(round_string(one << 127, 127, false), 1U);
  EXPECT_EQ(round_string(one << 126, 127, false), 0U);  // a tie, to even
  EXPECT_EQ(round_string(one << 126, 127, true), 1U);
  EXPECT_EQ(round_string((one << 126) + 1, 127, false), 1U);
}

}  // namespace
}  // namespace posittune::formats
