// float_mac against formats:: and the processor's fused multiply-add, at all formats and depths.

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "Vfloat_bench.h"
#include "baseline_lanes.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"

namespace posittune::rtl {
namespace {

constexpr std::size_t kUnits = 28;
constexpr std::array<const char*, 7> kNames = {"fp8_e4m3", "fp8_e5m2", "fp6_e2m3", "fp4_e2m1",
                                               "bf16",     "fp16",     "fp32"};
constexpr std::uint32_t kNan = 0x7fc00000;
constexpr double kTiny = std::numeric_limits<float>::min();

const formats::Format& format(std::size_t unit) {
  static const std::array<formats::Format, 7> all = [] {
    std::array<formats::Format, 7> list;
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = *formats::parse_format(kNames[i]);
    return list;
  }();
  return all[unit / 4];
}

// Operands of bf16 and fp32 flush subnormals.
double value(std::size_t unit, std::uint32_t code) {
  const double decoded = formats::decode(format(unit), code);
  return unit / 4 >= 4 && unit / 4 != 5 && std::abs(decoded) < kTiny ? 0 : decoded;
}

// Products of 24-bit significands are exact in double. So is every sum that may be tiny: it comes
// of terms that are tiny themselves, or cancel.
std::uint32_t step(std::size_t unit, std::uint32_t sum, Pair pair) {
  const double a = value(unit, pair.a), b = value(unit, pair.b);
  double product = a * b;
  if (std::isfinite(product)) {
    if (std::abs(product) < kTiny) product = 0;
    if (std::abs(product) >= 0x1p128) product = std::copysign(INFINITY, product);
  }
  const auto before = std::bit_cast<float>(sum);
  const double wide = before + product;
  if (std::isnan(wide)) return kNan;
  if (std::abs(wide) < kTiny) return 0;
  // One rounding: fmaf where the factors are finite, and the product is what was not changed above.
  const float result = std::isfinite(product) && product != 0
                           ? std::fmaf(static_cast<float>(a), static_cast<float>(b), before)
                           : static_cast<float>(wide);
  return std::bit_cast<std::uint32_t>(result);
}

std::uint32_t any_code(std::size_t unit, std::mt19937_64& random) {
  return static_cast<std::uint32_t>(random()) &
         static_cast<std::uint32_t>(formats::code_count(format(unit)) - 1);
}

TEST(FloatMac, EveryPairOfEightBits) {
  std::array<std::uint32_t, kUnits> next{};
  const Draw draw = [&](std::size_t unit, std::mt19937_64& random) {
    const int bits = format(unit).bits;
    if (bits > 8) return Pair{any_code(unit, random), any_code(unit, random)};
    const std::uint32_t at = next[unit]++, mask = (1U << bits) - 1;
    return Pair{at & mask, at >> bits & mask};
  };
  Lanes<Vfloat_bench> lanes(kUnits, draw, step, 1);
  lanes.run(200'000, 1);
  for (std::size_t u = 0; u < 8; ++u) EXPECT_GE(next[u], 1U << 16);
}

TEST(FloatMac, SumsOfRealSizes) {
  // Magnitudes near one: alignment, cancellation and rounding at every distance.
  const Draw draw = [](std::size_t unit, std::mt19937_64& random) {
    std::normal_distribution<double> normal;
    const double wild = random() % 4 == 0 ? std::exp2(static_cast<double>(random() % 40) - 20) : 1;
    return Pair{formats::encode(format(unit), normal(random) * wild),
                formats::encode(format(unit), normal(random))};
  };
  Lanes<Vfloat_bench> lanes(kUnits, draw, step, 2);
  for (int round = 0; round < 10; ++round) {
    lanes.run(20'000, 8);
    lanes.reset();
  }
  EXPECT_GT(lanes.sums(), 100'000U);
}

TEST(FloatMac, CornersOverflowUnderflowAndNan) {
  const Draw draw = [](std::size_t unit, std::mt19937_64& random) {
    const formats::Format& f = format(unit);
    const auto sign = std::uint32_t{1} << (f.bits - 1);
    const std::uint32_t one_exp = std::uint32_t{1} << (f.bits - 1 - f.exp_bits);
    const std::array<std::uint32_t, 8> corners = {0,
                                                  1,
                                                  one_exp,
                                                  one_exp - 1,
                                                  formats::encode(f, formats::traits(f).max),
                                                  formats::encode(f, 1),
                                                  sign - 1,
                                                  any_code(unit, random)};
    const auto pick = [&] { return corners[random() % 8] | (random() % 2 != 0 ? sign : 0); };
    return Pair{pick(), pick()};
  };
  Lanes<Vfloat_bench> lanes(kUnits, draw, step, 3);
  for (int round = 0; round < 20; ++round) {
    lanes.run(10'000, 3);
    lanes.reset();
  }
  EXPECT_GT(lanes.sums(), 100'000U);
}

}  // namespace
}  // namespace posittune::rtl
