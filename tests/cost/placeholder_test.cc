// The placeholder reproduces what it is fitted to, covers the formats in use, and grows with bits.

#include "posittune/cost/placeholder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "posittune/formats/format.h"

namespace posittune::cost {
namespace {

using formats::Format;
using formats::integer;
using formats::minifloat;
using formats::posit;

// Fits are solved, not searched: rounding of doubles is all that is left.
constexpr double kExact = 1e-9;

MacCost unit(const Format& weight, const Format& activation, const std::string& accumulator) {
  for (const MacCost& row : placeholder_macs(weight, activation)) {
    if (row.accumulator == accumulator) return row;
  }
  ADD_FAILURE() << formats::name(weight) << " x " << formats::name(activation) << " has no "
                << accumulator;
  return {};
}

MacCost least(const Format& weight, const Format& activation) {
  return *Table::placeholder().mac(weight, activation);
}

TEST(Placeholder, HorowitzEnergies) {
  EXPECT_NEAR(integer_adder(8).energy_pj, 0.03, kExact);
  EXPECT_NEAR(integer_adder(32).energy_pj, 0.1, kExact);
  EXPECT_NEAR(integer_multiplier(8, 8).energy_pj, 0.2, kExact);
  EXPECT_NEAR(integer_multiplier(32, 32).energy_pj, 3.1, kExact);
  EXPECT_NEAR(float_adder(16).energy_pj, 0.4, kExact);
  EXPECT_NEAR(float_adder(32).energy_pj, 0.9, kExact);
  EXPECT_NEAR(float_multiplier(11, 11).energy_pj, 1.1, kExact);
  EXPECT_NEAR(float_multiplier(24, 24).energy_pj, 3.7, kExact);
  EXPECT_NEAR(least(integer(8), integer(8)).energy_pj, 0.2 + 0.1, kExact);
  EXPECT_NEAR(least(formats::fp32(), formats::fp32()).energy_pj, 3.7 + 0.9, kExact);
}

TEST(Placeholder, HorowitzIntegerAreas) {
  EXPECT_NEAR(integer_adder(8).area_um2, 36, kExact);
  EXPECT_NEAR(integer_adder(32).area_um2, 137, kExact);
  EXPECT_NEAR(integer_multiplier(8, 8).area_um2, 282, kExact);
  EXPECT_NEAR(integer_multiplier(32, 32).area_um2, 3495, kExact);
}

TEST(Placeholder, SynthesisedAreaRatios) {
  const double int8 = unit(integer(8), integer(8), "int").area_um2;
  EXPECT_NEAR(int8, 282 + 137, kExact);
  EXPECT_NEAR(unit(posit(8, 1), posit(8, 1), "quire").area_um2 / int8, 50.2 / 33.0, kExact);
  EXPECT_NEAR(unit(posit(16, 1), posit(16, 1), "quire").area_um2 / int8 / (146 / 33.0), 1,
              0.03);  // not fitted
  EXPECT_NEAR(unit(formats::bf16(), formats::bf16(), "fp32").area_um2 / int8, 74.4 / 33.0, kExact);
  EXPECT_EQ(quire_width(posit(8, 1), posit(8, 1)), 64);
  EXPECT_EQ(quire_width(posit(16, 1), posit(16, 1)), 128);
  EXPECT_EQ(quire_width(posit(6, 0), posit(8, 1)), 8 + 24 + 16);
  EXPECT_EQ(quire_width(minifloat(4, 3), minifloat(4, 3)),
            2 * 18 + 16);  // 448 / 2^-9 takes 18 bits
  EXPECT_GT(quire_shifter(64).area_um2, 0);
  EXPECT_GT(posit_decoder(8).area_um2, 0);
}

TEST(Placeholder, EveryPairHasUnits) {
  const Table table = Table::placeholder();
  const auto formats = placeholder_formats();
  EXPECT_EQ(formats.size(), 3U + 8 + 15 + 14 * 5 + 6);
  for (const Format& weight : formats) {
    for (const Format& activation : formats) {
      const auto mac = table.mac(weight, activation);
      ASSERT_TRUE(mac.ok());
      for (const double value : {mac->area_um2, mac->nand2_eq, mac->delay_ns, mac->energy_pj}) {
        ASSERT_TRUE(std::isfinite(value) && value > 0)
            << formats::name(weight) << " x " << formats::name(activation);
      }
      EXPECT_EQ(mac->leakage_nw, 0);
      EXPECT_NEAR(mac->energy_pj, table.mac(activation, weight)->energy_pj, kExact);
    }
  }
  EXPECT_TRUE(table.mac(posit(32, 4), formats::fp32()).ok());
  EXPECT_TRUE(table.mac(minifloat(2, 5), integer(3)).ok());
}

// Formats of one family, each with more bits than the one before.
std::vector<std::vector<Format>> ladders() {
  std::vector<std::vector<Format>> all;
  for (int es = 0; es <= 4; ++es) {
    all.emplace_back();
    for (int n = 3; n <= 32; ++n) all.back().push_back(posit(n, es));
  }
  all.emplace_back();
  for (int n = 2; n <= 16; ++n) all.back().push_back(integer(n));
  for (int exponent = 2; exponent <= 5; ++exponent) {
    all.emplace_back();
    for (int mantissa = 1; mantissa <= 7 - exponent; ++mantissa)
      all.back().push_back(minifloat(exponent, mantissa));
  }
  all.push_back(
      {minifloat(2, 1), minifloat(2, 3), minifloat(4, 3), formats::fp16(), formats::fp32()});
  all.push_back({formats::bf16(), formats::fp32()});
  all.push_back(
      {formats::mx(minifloat(2, 1)), formats::mx(minifloat(2, 3)), formats::mx(minifloat(4, 3))});
  return all;
}

TEST(Placeholder, MoreBitsAreNeverCheaper) {
  for (const auto& ladder : ladders()) {
    for (std::size_t i = 1; i < ladder.size(); ++i) {
      const Format &less = ladder[i - 1], &more = ladder[i];
      for (const Format& other : {less, more, integer(8), posit(8, 1), formats::fp32(),
                                  minifloat(4, 3), formats::mx(minifloat(4, 3))}) {
        EXPECT_LE(least(less, other).energy_pj, least(more, other).energy_pj + kExact)
            << formats::name(more) << " x " << formats::name(other);
        const auto a = placeholder_macs(less, other), b = placeholder_macs(more, other);
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t u = 0; u < a.size(); ++u) {
          EXPECT_LE(a[u].area_um2, b[u].area_um2 + kExact)
              << formats::name(more) << " x " << formats::name(other) << " " << a[u].unit;
          EXPECT_LE(a[u].energy_pj, b[u].energy_pj + kExact)
              << formats::name(more) << " x " << formats::name(other) << " " << a[u].unit;
        }
      }
    }
  }
}

TEST(Placeholder, BlocksCostMoreThanTheirElements) {
  EXPECT_GT(least(formats::mx(minifloat(4, 3)), formats::mx(minifloat(4, 3))).area_um2,
            unit(minifloat(4, 3), minifloat(4, 3), "quire").area_um2);
  EXPECT_NEAR(least(formats::mx(minifloat(4, 3)), formats::mx(minifloat(4, 3))).energy_pj,
              unit(minifloat(4, 3), minifloat(4, 3), "quire").energy_pj + 0.9 / 32, kExact);
}

}  // namespace
}  // namespace posittune::cost
