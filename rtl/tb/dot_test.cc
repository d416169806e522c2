// posit_dot against formats::Quire.

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

#include "Vdot16e2.h"
#include "Vdot8e1.h"
#include "bits.h"
#include "codes.h"
#include "posittune/formats/arithmetic.h"

namespace posittune::rtl {
namespace {

using formats::Format;
using formats::Quire;

std::vector<std::uint32_t> random_codes(const Format& format, std::size_t count,
                                        std::mt19937_64& random) {
  std::vector<std::uint32_t> codes(count);
  for (auto& code : codes) code = corner_code(format, random);
  return codes;
}

template <class Unit>
void clock(Unit& unit) {
  unit.clk_i = 1;
  unit.eval();
}
template <class Unit>
void settle(Unit& unit) {
  unit.clk_i = 0;
  unit.eval();
}

template <class Model, int kWays>
void dot_products(const Format& format, int count) {
  Model unit;
  std::mt19937_64 random(31);
  std::deque<std::uint32_t> due;
  unit.rst_i = 1, unit.valid_i = 1, unit.ready_i = 1;
  settle(unit);
  clock(unit);
  unit.rst_i = 0;
  int seen = 0, nars = 0;
  for (int i = 0; seen < count; ++i) {
    const std::vector<std::uint32_t> a = random_codes(format, kWays, random),
                                     b = random_codes(format, kWays, random);
    unit.valid_i = random() % 4 != 0, unit.ready_i = random() % 4 != 0;
    for (int k = 0; k < kWays; ++k) {
      set_bits(port(unit.a_i), k * format.bits, format.bits, a[static_cast<std::size_t>(k)]);
      set_bits(port(unit.b_i), k * format.bits, format.bits, b[static_cast<std::size_t>(k)]);
    }
    settle(unit);
    if (unit.valid_o && unit.ready_i) {
      ASSERT_FALSE(due.empty());
      ASSERT_EQ(unit.posit_o, due.front()) << name(format) << " vector " << seen;
      nars += unit.nar_o;
      due.pop_front();
      ++seen;
    }
    if (unit.valid_i && unit.ready_o) {
      Quire quire(format);
      for (std::size_t k = 0; k < kWays; ++k) quire.add_product(a[k], b[k]);
      due.push_back(quire.to_posit());
    }
    clock(unit);
  }
  EXPECT_GT(nars, 0);
  EXPECT_LT(nars, seen);
}

TEST(Dot, Posit8EightWays) { dot_products<Vdot8e1, 8>(formats::posit(8, 1), 100000); }
TEST(Dot, Posit16FiveWays) { dot_products<Vdot16e2, 5>(formats::posit(16, 2), 30000); }

}  // namespace
}  // namespace posittune::rtl
