#include "posittune/base/mix.h"

#include <gtest/gtest.h>

#include <bit>

namespace posittune {
namespace {

// The first numbers of java.util.SplittableRandom's successor SplitMix64 with seed 1234567, as in
// the reference code of S. Vigna, https://prng.di.unimi.it/splitmix64.c.
TEST(Mix, IsSplitmix64) {
  constexpr std::uint64_t kSeed = 1234567;
  EXPECT_EQ(mix(kSeed + kGolden), 6457827717110365317U);
  EXPECT_EQ(mix(kSeed + 2 * kGolden), 3203168211198807973U);
  EXPECT_EQ(mix(kSeed + 3 * kGolden), 9817491932198370423U);
  EXPECT_EQ(mix(kSeed + 4 * kGolden), 4593380528125082431U);
  EXPECT_EQ(mix(kSeed + 5 * kGolden), 16408922859458223821U);
}

std::uint64_t undo_shift(std::uint64_t z, int shift) {
  std::uint64_t x = z;
  for (int done = shift; done < 64; done += shift) x = z ^ (x >> shift);
  return x;
}
// 1 / odd modulo 2^64, by Newton's iteration.
std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}

TEST(Mix, IsABijection) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t z = i * i * kGolden + i;
    std::uint64_t back = undo_shift(mix(z), 31) * inverse(0x94d049bb133111ebU);
    back = undo_shift(back, 27) * inverse(0xbf58476d1ce4e5b9U);
    EXPECT_EQ(undo_shift(back, 30), z);
  }
}

}  // namespace
}  // namespace posittune
