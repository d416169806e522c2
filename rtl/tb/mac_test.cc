// posit_mac, posit_mac_mixed and posit_round against formats::, through their handshakes.

#include <gtest/gtest.h>

#include <cstdlib>

#include "posittune/formats/arithmetic.h"
#include "stream.h"

namespace posittune::rtl {
namespace {

// Each pair on its own and in running sums; the single product equals posit_mul.
TEST(Mac, AllPairsOfPosit10) {
  const MacConfig& config = mac_config("p10e1");
  Stream stream(config);
  for (std::uint32_t a = 0; a < 1024; ++a) {
    for (std::uint32_t b = 0; b < 1024; ++b) {
      ASSERT_TRUE(stream.push({a, b, true, true})) << stream.mismatch();
    }
  }
  ASSERT_TRUE(stream.drain()) << stream.mismatch();
  EXPECT_EQ(stream.sums(), 1u << 20);
}

TEST(Mac, AllPairsOfMixedWidths) {
  for (const MacConfig& config : mac_configs()) {
    if (!config.mixed() || config.n > 8) continue;
    Stream stream(config);
    for (std::uint32_t a = 0; a < 1u << config.a_n; ++a) {
      for (std::uint32_t b = 0; b < 1u << config.n; ++b) {
        ASSERT_TRUE(stream.push({a, b, true, true})) << stream.mismatch();
      }
    }
    ASSERT_TRUE(stream.drain()) << stream.mismatch();
    EXPECT_EQ(stream.sums(), 1u << (config.a_n + config.n));
  }
}

// Sums of 1 to 64 pairs, some with NaR, some going on from the last; looked at after one pair in
// `one_in`.
void random_sums(const MacConfig& config, std::uint64_t pairs, std::uint64_t seed, int one_in) {
  Stream stream(config, seed);
  std::mt19937_64 random(seed);
  const formats::Format format = config.format();
  std::uint64_t left = 0;
  bool first = true;
  while (stream.pairs() < pairs) {
    if (left == 0) {
      left = 1 + random() % 64;
      first = random() % 8 != 0;  // else the new sum goes on from the last
      stream.set_pauses(random() % 4 == 0 ? 100 : 0, random() % 4 == 0 ? 200 : 0);
    }
    --left;
    const std::uint32_t a = corner_code(config.a_format(), random);
    const Pair pair{a, corner_code(format, random), first,
                    left == 0 || random() % static_cast<unsigned>(one_in) == 0};
    first = false;
    ASSERT_TRUE(stream.push(pair)) << stream.mismatch();
  }
  ASSERT_TRUE(stream.drain()) << stream.mismatch();
  EXPECT_GT(stream.sums(), pairs / 64);
  EXPECT_GT(stream.nars(), 0u);
  EXPECT_LT(stream.nars(), stream.sums());
  EXPECT_GT(stream.stalls(), 0u);
}

TEST(Mac, RandomSums) {
  for (const MacConfig& config : mac_configs()) random_sums(config, 60000, 5, 16);
}

TEST(Long, RandomSumsOf16And32Bits) {
  for (const MacConfig& config : mac_configs()) {
    if (config.n >= 16) random_sums(config, 10'000'000, 7, 1);
  }
}

// The software quire gives the same posit: another path from products to a posit.
TEST(Mac, EqualsQuire) {
  for (const MacConfig& config : mac_configs()) {
    if (!config.exact() || config.guard < 8) continue;  // sums of 37 products
    const formats::Format format = config.format();
    std::mt19937_64 random(11);
    auto unit = make_mac(config);
    unit->set({.reset = true});
    unit->clock();
    formats::Quire quire(format);
    for (int i = 0; i < 20000; ++i) {
      MacInput in{.valid = true, .clear = i % 37 == 0, .last = true, .ready = true};
      in.a = corner_code(config.a_format(), random), in.b = corner_code(format, random);
      if (in.clear) quire.clear();
      quire.add_product(in.a << (config.n - config.a_n), in.b);  // the same value, with more bits
      unit->set(in);
      unit->clock();
      for (int wait = 0; wait <= config.pipeline; ++wait) {
        unit->set({.ready = false});
        if (unit->valid()) break;
        unit->clock();
      }
      ASSERT_TRUE(unit->valid());
      ASSERT_EQ(unit->output().posit, quire.to_posit()) << config.name << " pair " << i;
    }
  }
}

TEST(Mac, ResetForgetsEverything) {
  for (const MacConfig& config : mac_configs()) {
    Stream stream(config, 3);
    std::mt19937_64 random(3);
    stream.set_pauses(60, 120);
    for (int round = 0; round < 300; ++round) {
      const int pairs = static_cast<int>(random() % 9);
      for (int i = 0; i < pairs; ++i) {
        // No clear: what reset leaves must be zero.
        const std::uint32_t a = corner_code(config.a_format(), random);
        ASSERT_TRUE(
            stream.push({a, corner_code(config.format(), random), false, random() % 3 == 0}))
            << stream.mismatch();
      }
      if (round % 2 == 0) {
        ASSERT_TRUE(stream.drain()) << stream.mismatch();
      }
      stream.reset();
    }
    ASSERT_TRUE(stream.drain()) << stream.mismatch();
  }
}

// maxpos^2 again and again: 2^guard - 1 fit, one more is NaR, and NaR stays whatever comes.
TEST(Mac, GuardOverflow) {
  for (const MacConfig& config : mac_configs()) {
    if (!config.exact() || config.mixed()) continue;  // a narrow a has no product that large
    const std::uint32_t nar = 1u << (config.n - 1), max = nar - 1, low = nar + 1;
    const int capacity = (1 << config.guard) - 1;
    Stream stream(config);
    for (const std::uint32_t a : {max, low}) {
      const int room = a == max ? capacity : capacity + 1;  // two's complement: one more below
      for (int i = 0; i < room; ++i) {
        ASSERT_TRUE(stream.push({a, max, i == 0, i == room - 1})) << stream.mismatch();
      }
      ASSERT_TRUE(stream.drain()) << stream.mismatch();
      const std::uint64_t before = stream.nars();
      ASSERT_TRUE(stream.push({a, max, false, true})) << stream.mismatch();
      ASSERT_TRUE(stream.drain()) << stream.mismatch();
      EXPECT_EQ(stream.nars(), before + 1) << config.name;
      for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(stream.push({a == max ? low : max, max, false, true})) << stream.mismatch();
      }
      ASSERT_TRUE(stream.drain()) << stream.mismatch();
      EXPECT_EQ(stream.nars(), before + 6) << config.name;
    }
  }
}

TEST(Mac, NarIsSticky) {
  for (const MacConfig& config : mac_configs()) {
    const std::uint32_t nar = 1u << (config.n - 1), one = nar >> 1, a_nar = 1u << (config.a_n - 1),
                        a_one = a_nar >> 1;
    Stream stream(config);
    for (const auto& [a, b] :
         {std::pair{a_nar, one}, {a_one, nar}, {a_nar, 0u}, {0u, nar}, {a_nar, nar}}) {
      ASSERT_TRUE(stream.push({a, b, true, true}));
      for (int i = 0; i < 20; ++i) ASSERT_TRUE(stream.push({a_one, one, false, true}));
      ASSERT_TRUE(stream.drain()) << stream.mismatch();
    }
    EXPECT_EQ(stream.nars(), 5u * 21u);
    ASSERT_TRUE(stream.push({a_one, one, true, true}));
    ASSERT_TRUE(stream.drain()) << stream.mismatch();
    EXPECT_EQ(stream.nars(), 5u * 21u);
  }
}

}  // namespace
}  // namespace posittune::rtl
