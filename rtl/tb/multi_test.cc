// posit_mac_multi against formats::, all modes, operands of different formats, modes switched in
// mid-stream.

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

#include "Vmulti0.h"
#include "Vmulti2.h"
#include "Vmulti3.h"
#include "bits.h"
#include "codes.h"
#include "sum_model.h"

namespace posittune::rtl {
namespace {

struct LanePlace {
  int bits;        // of the widest operand
  int code;        // lowest bit of the code
  int low, width;  // in the accumulator
  int lsb;
};

std::vector<LanePlace> lanes_of(int mode) {
  if (mode == 0) return {{16, 0, 0, 240, -112}};
  if (mode == 1) return {{8, 0, 0, 112, -48}, {8, 8, 128, 112, -48}};
  return {{4, 0, 0, 48, -16}, {4, 4, 64, 48, -16}, {4, 8, 128, 48, -16}, {4, 12, 192, 48, -16}};
}

struct Word {
  int mode, a_es, b_es;
  bool clear, last;
  std::uint32_t a, b;
};

template <class Model>
class Multi {
 public:
  explicit Multi(std::uint64_t seed) : random_(seed) { reset(); }

  void reset() {
    unit_.rst_i = 1, unit_.valid_i = 1, unit_.clear_i = 1, unit_.last_i = 1, unit_.ready_i = 0;
    unit_.mode_i = 2, unit_.a_i = 0x4444, unit_.b_i = 0x4444;
    clock();
    unit_.rst_i = 0;
    due_.clear();
  }
  void set_pauses(unsigned of_256) { pause_ = of_256; }

  void push(const Word& word) {
    for (bool taken = false; !taken;) {
      taken = cycle(&word);
      if (::testing::Test::HasFailure()) return;
    }
  }
  void drain() {
    for (int i = 0; i < 2000 && !due_.empty(); ++i) cycle(nullptr);
    ASSERT_TRUE(due_.empty());
  }
  std::uint64_t sums() const { return sums_; }
  std::uint64_t nars() const { return nars_; }
  std::uint64_t stalls() const { return stalls_; }

 private:
  struct Sum {
    int mode;
    std::vector<bool> nar;
    std::vector<std::vector<std::uint32_t>> bits;
  };

  void clock() {
    unit_.clk_i = 0;
    unit_.eval();
    unit_.clk_i = 1;
    unit_.eval();
  }

  bool cycle(const Word* word) {
    unit_.valid_i = word != nullptr && (random_() & 255) >= pause_;
    unit_.ready_i = (random_() & 255) >= pause_;
    if (unit_.valid_i) {
      unit_.mode_i = word->mode & 3, unit_.a_es_i = word->a_es & 3, unit_.b_es_i = word->b_es & 3;
      unit_.clear_i = word->clear, unit_.last_i = word->last;
      unit_.a_i = word->a & 0xffff, unit_.b_i = word->b & 0xffff;
    } else {  // what must be ignored
      unit_.mode_i = random_() & 3, unit_.clear_i = unit_.last_i = 1;
      unit_.a_i = 0x8888, unit_.b_i = random_() & 0xffff;
    }
    unit_.clk_i = 0;
    unit_.eval();
    const bool taken = unit_.valid_i && unit_.ready_o;
    stalls_ += unit_.valid_i && !taken ? 1 : 0;
    if (unit_.valid_o && unit_.ready_i) compare();
    if (taken) add(*word);
    unit_.clk_i = 1;
    unit_.eval();
    return taken;
  }

  void add(const Word& word) {
    const auto places = lanes_of(word.mode);
    if (word.clear) sums_of_lanes_.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const LanePlace& lane = places[i];
      const formats::Format a = formats::posit(lane.bits, word.a_es);
      const formats::Format b = formats::posit(lane.bits, word.b_es);
      if (word.clear) sums_of_lanes_.emplace_back(lane.lsb, lane.width);
      const std::uint32_t mask = (1u << lane.bits) - 1;
      sums_of_lanes_[i].add_product(a, word.a >> lane.code & mask, b, word.b >> lane.code & mask);
    }
    if (!word.last) return;
    Sum sum{.mode = word.mode, .nar = {}, .bits = {}};
    for (const SumModel& lane : sums_of_lanes_) {
      sum.nar.push_back(lane.is_nar());
      sum.bits.push_back(lane.bits(8));
    }
    due_.push_back(sum);
  }

  void compare() {
    ASSERT_FALSE(due_.empty());
    const Sum& sum = due_.front();
    ASSERT_EQ(int{unit_.mode_o}, sum.mode);
    const auto places = lanes_of(sum.mode);
    ASSERT_EQ(unit_.nar_o >> places.size(), 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
      ASSERT_EQ((unit_.nar_o >> i & 1) != 0, sum.nar[i]) << "mode " << sum.mode << " lane " << i;
      nars_ += sum.nar[i] ? 1 : 0;
      if (sum.nar[i]) continue;
      ASSERT_EQ(get_signed(unit_.acc_o.data(), places[i].low, places[i].width, 8), sum.bits[i])
          << "mode " << sum.mode << " lane " << i << " sum " << sums_;
    }
    due_.pop_front();
    ++sums_;
  }

  Model unit_;
  std::mt19937_64 random_;
  std::deque<Sum> due_;
  std::vector<SumModel> sums_of_lanes_;
  unsigned pause_ = 0;
  std::uint64_t sums_ = 0, nars_ = 0, stalls_ = 0;
};

// A word of codes for the lanes of a mode; narrow operands lie at the top of their lanes.
std::uint32_t word_of(int mode, int bits, std::mt19937_64& random) {
  std::uint32_t word = 0;
  for (const LanePlace& lane : lanes_of(mode)) {
    const int own = std::min(bits, lane.bits);
    word |= corner_code(formats::posit(own, 1), random) << (lane.bits - own) << lane.code;
  }
  return word;
}

template <class Model>
void random_words(std::uint64_t count, std::uint64_t seed) {
  Multi<Model> unit(seed);
  std::mt19937_64 random(seed);
  const int widths[] = {4, 5, 6, 8, 12, 16};
  std::uint64_t words = 0;
  while (words < count && !::testing::Test::HasFailure()) {
    const int mode = static_cast<int>(random() % 3);
    unit.set_pauses(random() % 4 == 0 ? 90 : 0);
    const bool change_es = random() % 4 == 0;
    int a_es = static_cast<int>(random() % 3), b_es = static_cast<int>(random() % 3);
    const int a_bits = random() % 2 == 0 ? 16 : widths[random() % 6];
    const int b_bits = random() % 2 == 0 ? 16 : widths[random() % 6];
    const std::uint64_t length = 1 + random() % 40;
    for (std::uint64_t i = 0; i < length; ++i, ++words) {
      if (change_es) a_es = static_cast<int>(random() % 3), b_es = static_cast<int>(random() % 3);
      unit.push({mode, a_es, b_es, i == 0, i + 1 == length || random() % 4 == 0,
                 word_of(mode, a_bits, random), word_of(mode, b_bits, random)});
    }
    if (random() % 64 == 0) {
      unit.drain();
      unit.reset();
    }
  }
  unit.drain();
  EXPECT_GT(unit.sums(), count / 40);
  EXPECT_GT(unit.nars(), 0u);
  EXPECT_GT(unit.stalls(), 0u);
}

TEST(Multi, ModesSwitchedMidStream) { random_words<Vmulti0>(150000, 1); }
TEST(Multi, ModesSwitchedMidStreamPipelined) { random_words<Vmulti2>(100000, 2); }
TEST(Multi, ModesSwitchedMidStreamPipelinedDeeper) { random_words<Vmulti3>(100000, 3); }
TEST(LongMulti, ModesSwitchedMidStream) {
  random_words<Vmulti0>(4'000'000, 4);
  random_words<Vmulti3>(4'000'000, 5);
}

// The accumulators have 16 bits between lanes that nobody looks at: a carry that is not stopped
// comes through them after 2^16 sums that turned from below zero to zero.
TEST(Multi, CarriesStopBetweenLanes) {
  for (const int mode : {1, 2}) {
    Multi<Vmulti0> unit(3);
    const std::uint32_t one = mode == 1 ? 0x4040 : 0x4444, minus_one = mode == 1 ? 0xc0c0 : 0xcccc;
    constexpr int kPairs = 2 * 65536 + 40;
    for (int i = 0; i < kPairs && !::testing::Test::HasFailure(); ++i) {
      unit.push({mode, 1, 1, i == 0, i + 20 > kPairs, one, i % 2 == 0 ? minus_one : one});
    }
    unit.drain();
    EXPECT_EQ(unit.nars(), 0u);
  }
}

// maxpos^2 again and again, es 2: 2^14 - 1 fit.
TEST(Multi, GuardOverflow) {
  for (int mode = 0; mode < 3; ++mode) {
    Multi<Vmulti0> unit(4);
    const std::uint32_t max = mode == 0 ? 0x7fff : mode == 1 ? 0x7f7f : 0x7777;
    constexpr int kFit = (1 << 14) - 1;
    for (int i = 0; i < kFit + 5 && !::testing::Test::HasFailure(); ++i)
      unit.push({mode, 2, 2, i == 0, i + 5 > kFit, max, max});
    unit.drain();
    EXPECT_EQ(unit.nars(), 5u * static_cast<unsigned>(lanes_of(mode).size()));
  }
}

// Every pair of codes of 8 bits, and of 4 bits, with every pair of ES; the other lanes are busy.
TEST(Multi, AllPairs) {
  Multi<Vmulti0> unit(9);
  std::mt19937_64 random(9);
  for (int es = 0; es < 9 && !::testing::Test::HasFailure(); ++es) {
    for (std::uint32_t pair = 0; pair < 65536; ++pair) {
      const std::uint32_t a = pair & 255, b = pair >> 8, other = random() & 0xffff;
      unit.push({1, es % 3, es / 3, true, true, a << 8 | (other & 255), b << 8 | other >> 8});
      unit.push({1, es % 3, es / 3, true, true, (other & 255) << 8 | a, (other & 0xff00) | b});
    }
    for (std::uint32_t pair = 0; pair < 256; ++pair) {
      for (int lane = 0; lane < 4; ++lane) {
        const std::uint32_t at = 15u << (4 * lane), other = random() & 0xffff;
        unit.push(
            {2, es % 3, es / 3, true, true, (other & ~at) | (pair & 15) << (4 * lane),
             (static_cast<std::uint32_t>(random()) & 0xffff & ~at) | pair >> 4 << (4 * lane)});
      }
    }
  }
  unit.drain();
}

}  // namespace
}  // namespace posittune::rtl
