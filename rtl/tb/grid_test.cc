// All operand pairs of all posits of 4..8 bits, ES 0..4: single products and running sums.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "Vmac_grid.h"
#include "posittune/formats/arithmetic.h"

namespace posittune::rtl {
namespace {

struct Lane {
  formats::Format format;
  formats::Quire quire;
  std::deque<std::uint32_t> due;
};

class Grid {
 public:
  Grid() {
    for (int n = 4; n <= 8; ++n) {
      for (int es = 0; es <= 4; ++es) {
        lanes_.push_back({formats::posit(n, es), formats::Quire(formats::posit(n, es)), {}});
      }
    }
    model_.rst_i = 1;
    model_.valid_i = 0;
    clock();
    model_.rst_i = 0;
  }

  // One cycle with a pair, or without one; checks what comes out.
  void cycle(bool valid, bool clear, std::uint32_t a, std::uint32_t b) {
    model_.valid_i = valid, model_.clear_i = clear, model_.last_i = 1;
    model_.a_i = static_cast<CData>(a), model_.b_i = static_cast<CData>(b);
    for (Lane& lane : lanes_) {
      if (!valid) break;
      if (clear) lane.quire.clear();
      lane.quire.add_product(a, b);
      lane.due.push_back(lane.quire.to_posit());
    }
    clock();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if ((model_.valid_o >> i & 1) == 0) continue;
      const std::uint32_t got = model_.posit_o[i / 4] >> (i % 4 * 8) & 255;
      ASSERT_FALSE(lanes_[i].due.empty());
      ASSERT_EQ(got, lanes_[i].due.front()) << name(lanes_[i].format);
      lanes_[i].due.pop_front();
      ++compared_;
    }
  }
  void drain() {
    for (int i = 0; i < 4; ++i) cycle(false, false, 0, 0);
    for (const Lane& lane : lanes_) ASSERT_TRUE(lane.due.empty()) << name(lane.format);
  }
  std::uint64_t compared() const { return compared_; }

 private:
  void clock() {
    model_.clk_i = 0;
    model_.eval();
    model_.clk_i = 1;
    model_.eval();
  }
  Vmac_grid model_;
  std::vector<Lane> lanes_;
  std::uint64_t compared_ = 0;
};

TEST(Grid, ProductsOfAllPairs) {
  Grid grid;
  for (std::uint32_t a = 0; a < 256 && !::testing::Test::HasFailure(); ++a) {
    for (std::uint32_t b = 0; b < 256; ++b) grid.cycle(true, true, a, b);
  }
  grid.drain();
  EXPECT_EQ(grid.compared(), 25u << 16);
}

// 2^13 pairs stay below the guard; NaR would stick, so it is left out of most sums.
TEST(Grid, RunningSumsOfAllPairs) {
  Grid grid;
  std::vector<std::uint32_t> pairs(1 << 16);
  for (std::uint32_t i = 0; i < pairs.size(); ++i) pairs[i] = i;
  std::mt19937_64 random(17);
  std::shuffle(pairs.begin(), pairs.end(), random);
  std::uint64_t since = 0;
  for (const std::uint32_t pair : pairs) {
    const bool nar = (pair & 7) == 0 || (pair >> 8 & 7) == 0;  // zero or NaR for some lane
    const bool clear = nar || since == 0;
    grid.cycle(true, clear, pair & 255, pair >> 8);
    if (::testing::Test::HasFailure()) return;
    since = nar ? 0 : (since + 1) % 4096;
  }
  grid.drain();
  EXPECT_EQ(grid.compared(), 25u << 16);
}

}  // namespace
}  // namespace posittune::rtl
