#pragma once

// Drives int_bench and float_bench: every unit has a stream of its own, with gaps and
// back-pressure.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <type_traits>
#include <vector>

namespace posittune::rtl {

struct Pair {
  std::uint32_t a = 0, b = 0;
};

// A unit's reference: the sum after one more pair.
using Step = std::function<std::uint32_t(std::size_t unit, std::uint32_t sum, Pair pair)>;
using Draw = std::function<Pair(std::size_t unit, std::mt19937_64& random)>;

template <class Bench>
class Lanes {
 public:
  Lanes(std::size_t units, Draw draw, Step step, std::uint64_t seed)
      : draw_(std::move(draw)), step_(std::move(step)), random_(seed), lanes_(units) {
    bench_.clk_i = 0;
    reset();
  }

  // Pairs, gaps and back-pressure at random; each unit's sums must be the reference's, in order.
  // `mean_length`: products of a sum. Stops at the first difference.
  void run(std::size_t cycles, unsigned mean_length) {
    for (std::size_t cycle = 0; cycle < cycles && !::testing::Test::HasFailure(); ++cycle) {
      for (std::size_t u = 0; u < lanes_.size(); ++u) offer(u, mean_length);
      bench_.eval();
      for (std::size_t u = 0; u < lanes_.size(); ++u) observe(u);
      edge();
    }
  }

  // Forgets everything, in the middle of whatever there is.
  void reset() {
    bench_.rst_i = 1;
    edge();
    bench_.rst_i = 0;
    for (Lane& lane : lanes_) lane = {};
  }

  std::uint64_t sums() const { return sums_; }

 private:
  struct Lane {
    Pair pair;
    bool valid = false, clear = true, last = false, fresh = true;
    std::uint32_t sum = 0;
    std::deque<std::uint32_t> expected;
  };

  static void set(auto& word, std::size_t bit, bool value) {
    word = static_cast<std::remove_reference_t<decltype(word)>>(
        (word & ~(1U << bit)) | (static_cast<std::uint32_t>(value) << bit));
  }

  // A pair that was not taken stays as it is.
  void offer(std::size_t u, unsigned mean_length) {
    Lane& lane = lanes_[u];
    if (!lane.valid) {
      lane.pair = draw_(u, random_);
      lane.valid = random_() % 4 != 0;
      lane.clear = lane.fresh;
      lane.last = random_() % mean_length == 0;
    }
    set(bench_.valid_i, u, lane.valid);
    set(bench_.clear_i, u, lane.clear);
    set(bench_.last_i, u, lane.last);
    set(bench_.ready_i, u, random_() % 4 != 0);
    bench_.a_i[u] = lane.pair.a;
    bench_.b_i[u] = lane.pair.b;
  }

  void observe(std::size_t u) {
    Lane& lane = lanes_[u];
    if ((bench_.valid_o >> u & 1) != 0 && (bench_.ready_i >> u & 1) != 0) {
      ASSERT_FALSE(lane.expected.empty()) << "unit " << u << " gave a sum that nobody asked for";
      ASSERT_EQ(bench_.acc_o[u], lane.expected.front()) << "unit " << u;
      lane.expected.pop_front();
      ++sums_;
    }
    if (!lane.valid || (bench_.ready_o >> u & 1) == 0) return;
    lane.sum = step_(u, lane.clear ? 0 : lane.sum, lane.pair);
    lane.fresh = lane.last;
    if (lane.last) lane.expected.push_back(lane.sum);
    lane.valid = false;
  }

  void edge() {
    bench_.clk_i = 1;
    bench_.eval();
    bench_.clk_i = 0;
    bench_.eval();
  }

  Bench bench_;
  Draw draw_;
  Step step_;
  std::mt19937_64 random_;
  std::vector<Lane> lanes_;
  std::uint64_t sums_ = 0;
};

}  // namespace posittune::rtl
