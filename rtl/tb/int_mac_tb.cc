// int_mac against C++ integers: all pairs of int4 and int8, random ones of int16, at all depths.

#include <array>

#include "Vint_bench.h"
#include "baseline_lanes.h"

namespace posittune::rtl {
namespace {

constexpr std::size_t kUnits = 12;
constexpr std::array<int, 3> kBits = {4, 8, 16};

std::int32_t signed_value(std::uint32_t code, int bits) {
  const auto up = static_cast<std::uint32_t>(32 - bits);
  return static_cast<std::int32_t>(code << up) >> up;
}

std::uint32_t step(std::size_t unit, std::uint32_t sum, Pair pair) {
  const int bits = kBits[unit / 4];
  return sum + static_cast<std::uint32_t>(signed_value(pair.a, bits) * signed_value(pair.b, bits));
}

TEST(IntMac, EveryPair) {
  std::array<std::uint32_t, kUnits> next{};
  // Pairs in order: 2^16 of int8; int4 sees its own over and over.
  const Draw draw = [&](std::size_t unit, std::mt19937_64& random) {
    const int bits = kBits[unit / 4];
    const std::uint32_t mask = (1U << bits) - 1;
    if (bits == 16) return Pair{static_cast<std::uint32_t>(random()) & mask, static_cast<std::uint32_t>(random()) & mask};
    const std::uint32_t at = next[unit]++;
    return Pair{at & mask, at >> bits & mask};
  };
  Lanes<Vint_bench> lanes(kUnits, draw, step, 1);
  lanes.run(200'000, 1);  // each product is a sum; three of four cycles offer one
  for (std::size_t u = 4; u < 8; ++u) EXPECT_GE(next[u], 1U << 16);
}

TEST(IntMac, CornersWrapGapsAndReset) {
  const Draw draw = [](std::size_t unit, std::mt19937_64& random) {
    const int bits = kBits[unit / 4];
    const std::uint32_t low = 1U << (bits - 1), mask = (1U << bits) - 1;
    const std::array<std::uint32_t, 6> corners = {0, 1, mask, low, low - 1, static_cast<std::uint32_t>(random()) & mask};
    return Pair{corners[random() % 6], corners[random() % 6]};
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
