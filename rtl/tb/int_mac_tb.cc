// int_mac against C++ integers: all pairs of int4, int8 and int4 x int8, random ones of wider
// operands, at all depths.

#include <array>

#include "Vint_bench.h"
#include "baseline_lanes.h"

namespace posittune::rtl {
namespace {

// rtl/tb/int_bench.sv has the same lists.
constexpr std::array<int, 6> kA = {4, 8, 16, 4, 16, 7};
constexpr std::array<int, 6> kB = {4, 8, 16, 8, 5, 16};
constexpr std::size_t kUnits = 4 * kA.size();

std::uint32_t mask_of(int bits) { return (1U << bits) - 1; }

std::int32_t signed_value(std::uint32_t code, int bits) {
  const auto up = static_cast<std::uint32_t>(32 - bits);
  return static_cast<std::int32_t>(code << up) >> up;
}

std::uint32_t step(std::size_t unit, std::uint32_t sum, Pair pair) {
  return sum + static_cast<std::uint32_t>(signed_value(pair.a, kA[unit / 4]) *
                                          signed_value(pair.b, kB[unit / 4]));
}

TEST(IntMac, EveryPair) {
  std::array<std::uint32_t, kUnits> next{};
  // Pairs in order: 2^16 of int8; narrower ones see their own over and over.
  const Draw draw = [&](std::size_t unit, std::mt19937_64& random) {
    const int a = kA[unit / 4], b = kB[unit / 4];
    const auto at = a + b <= 16 ? next[unit]++ : static_cast<std::uint32_t>(random());
    return Pair{at & mask_of(a), at >> a & mask_of(b)};
  };
  Lanes<Vint_bench> lanes(kUnits, draw, step, 1);
  lanes.run(200'000, 1);  // each product is a sum; three of four cycles offer one
  for (std::size_t u = 0; u < kUnits; ++u) {
    if (kA[u / 4] + kB[u / 4] > 16) continue;
    EXPECT_GE(next[u], 1U << 16) << u;
  }
}

TEST(IntMac, CornersWrapGapsAndReset) {
  const auto corner = [](int bits, std::mt19937_64& random) {
    const std::uint32_t low = 1U << (bits - 1), mask = mask_of(bits);
    const std::array<std::uint32_t, 6> corners = {
        0, 1, mask, low, low - 1, static_cast<std::uint32_t>(random()) & mask};
    return corners[random() % 6];
  };
  const Draw draw = [&](std::size_t unit, std::mt19937_64& random) {
    const std::uint32_t a = corner(kA[unit / 4], random);
    return Pair{a, corner(kB[unit / 4], random)};
  };
  Lanes<Vint_bench> lanes(kUnits, draw, step, 2);
  for (int round = 0; round < 20; ++round) {
    lanes.run(5'000, 200);  // long sums of int16 corners leave 32 bits and wrap
    lanes.reset();
  }
  EXPECT_GT(lanes.sums(), 1000U);
}

}  // namespace
}  // namespace posittune::rtl
