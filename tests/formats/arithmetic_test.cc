// Posit add, mul and fma against exact results rounded once by the oracle. All triples of 6 to 8
// bits are in fma_exhaustive_test.cc.

#include "posittune/formats/arithmetic.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "checker.h"
#include "oracle/posit_arithmetic.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

using Binary = std::uint32_t (*)(const Format&, std::uint32_t, std::uint32_t);
using Exact = std::uint32_t (oracle::SmallPosit::*)(std::uint32_t, std::uint32_t) const;

std::string failed(const Format& f, const char* what, std::vector<std::uint32_t> arguments,
                   std::uint32_t got, std::uint32_t expected) {
  std::string text = name(f) + " " + what;
  for (const std::uint32_t a : arguments) text += "\n  argument " + show_code(f, a);
  return text + "\n  got      " + show_code(f, got) + "\n  expected " + show_code(f, expected);
}

oracle::SmallPosit small_posit(const Format& f) {
  return oracle::SmallPosit(f.bits, f.exp_bits, f.variant == kPositFlush);
}

std::uint64_t sweep_pairs(const Format& f, Binary function, Exact exact, const char* what) {
  const auto model = small_posit(f);
  std::uint64_t visited = 0;
  for (std::uint32_t a = 0; a < code_count(f); ++a) {
    for (std::uint32_t b = 0; b < code_count(f); ++b, ++visited) {
      const std::uint32_t got = function(f, a, b), want = (model.*exact)(a, b);
      if (got == want) continue;
      ADD_FAILURE() << failed(f, what, {a, b}, got, want);
      return visited;
    }
  }
  return visited;
}

// Sum of 4^n for n 2..8, es 0..4, both variants.
constexpr std::uint64_t kPairs = 10 * ((65536 * 4 - 16) / 3);

TEST(Arithmetic, AddAllPairsTo8Bits) {
  std::uint64_t visited = 0;
  for (const Format& f : posits(2, 8)) {
    visited += sweep_pairs(f, posit_add, &oracle::SmallPosit::add, "add");
    if (HasFailure()) return;
  }
  EXPECT_EQ(visited, kPairs);
}

TEST(Arithmetic, MulAllPairsTo8Bits) {
  std::uint64_t visited = 0;
  for (const Format& f : posits(2, 8)) {
    visited += sweep_pairs(f, posit_mul, &oracle::SmallPosit::mul, "mul");
    if (HasFailure()) return;
  }
  EXPECT_EQ(visited, kPairs);
}

std::uint64_t sweep_triples(const Format& f) {
  const auto model = small_posit(f);
  const auto n = static_cast<std::uint32_t>(code_count(f));
  for (std::uint32_t i = 0; i < n * n * n; ++i) {
    const std::uint32_t a = i / (n * n), b = i / n % n, c = i % n;
    const std::uint32_t got = posit_fma(f, a, b, c), want = model.fma(a, b, c);
    if (got == want) continue;
    ADD_FAILURE() << failed(f, "fma", {a, b, c}, got, want);
    return i;
  }
  return n * n * n;
}

// Sum of 8^n for n 2..5 is (8^6 - 64) / 7; es 0..4, both variants.
TEST(Arithmetic, FmaAllTriplesTo5Bits) {
  std::uint64_t visited = 0;
  for (const Format& f : posits(2, 5)) {
    visited += sweep_triples(f);
    if (HasFailure()) return;
  }
  EXPECT_EQ(visited, 10U * (262144 - 64) / 7);
}

// Random codes have random regimes; a third argument near -a*b makes the difference cancel.
bool agree_on_random(const Format& f, std::mt19937_64& random) {
  const auto model = model_of(f);
  const auto mask = static_cast<std::uint32_t>(code_count(f) - 1);
  const auto code = [&] { return static_cast<std::uint32_t>(random()) & mask; };
  const std::uint32_t a = code(), b = code();
  const auto shift = static_cast<std::uint32_t>(random() % 5) - 2;
  const std::uint32_t near_a = (shift - a) & mask;
  const std::uint32_t near_product = (shift - oracle::mul(*model, a, b)) & mask;
  for (const std::uint32_t c : {b, near_a}) {
    const std::uint32_t got = posit_add(f, a, c), want = oracle::add(*model, a, c);
    if (got != want) ADD_FAILURE() << failed(f, "add", {a, c}, got, want);
  }
  const std::uint32_t got = posit_mul(f, a, b), want = oracle::mul(*model, a, b);
  if (got != want) ADD_FAILURE() << failed(f, "mul", {a, b}, got, want);
  for (const std::uint32_t c : {code(), near_product}) {
    const std::uint32_t fused = posit_fma(f, a, b, c), exact = oracle::fma(*model, a, b, c);
    if (fused != exact) ADD_FAILURE() << failed(f, "fma", {a, b, c}, fused, exact);
  }
  return !testing::Test::HasFailure();
}

TEST(Arithmetic, RandomFrom6Bits) {
  std::mt19937_64 random(3);
  int visited = 0;
  for (const Format& f : posits(6, 32)) {
    for (int i = 0; i < 2000; ++i, ++visited) {
      if (!agree_on_random(f, random)) return;
    }
  }
  EXPECT_EQ(visited, 27 * 10 * 2000);
}

// Where the operands' weights differ by up to 3 * maxpos^2, the small one must still break ties.
TEST(Arithmetic, TinyAddendBreaksATie) {
  int ties = 0;
  for (const Format& f : posits(5, 32)) {
    const auto model = model_of(f);
    const std::uint32_t one = 1U << (f.bits - 2), minpos = 1;
    for (std::uint32_t a = one; a < one + 4; ++a) {
      for (std::uint32_t b = one + 1; b < one + 4; ++b) {
        for (const std::uint32_t c : {minpos, static_cast<std::uint32_t>(code_count(f) - 1)}) {
          const std::uint32_t got = posit_fma(f, a, b, c), want = oracle::fma(*model, a, b, c);
          ASSERT_EQ(got, want) << failed(f, "fma", {a, b, c}, got, want);
          ++ties;
        }
      }
    }
  }
  EXPECT_EQ(ties, 28 * 10 * 4 * 3 * 2);
}

TEST(Arithmetic, NarAndZero) {
  for (const Format& f : posits(3, 32)) {
    const std::uint32_t nar = 1U << (f.bits - 1), one = nar >> 1;
    EXPECT_EQ(posit_add(f, nar, one), nar);
    EXPECT_EQ(posit_mul(f, 0, nar), nar);
    EXPECT_EQ(posit_fma(f, nar, 0, one), nar);
    EXPECT_EQ(posit_fma(f, one, 0, nar), nar);
    EXPECT_EQ(posit_mul(f, 0, one), 0U);
    EXPECT_EQ(posit_fma(f, one, one, nar | one), 0U) << name(f);  // 1*1 - 1
    EXPECT_EQ(posit_fma(f, 0, one, one), one);
  }
}

RC_GTEST_PROP(Arithmetic, Laws, (std::uint32_t x, std::uint32_t y)) {
  const Format f = posit(*rc::gen::inRange(3, 33), *rc::gen::inRange(0, 5));
  const auto mask = static_cast<std::uint32_t>(code_count(f) - 1);
  const std::uint32_t a = x & mask, b = y & mask, one = 1U << (f.bits - 2);
  RC_ASSERT(posit_add(f, a, b) == posit_add(f, b, a));
  RC_ASSERT(posit_mul(f, a, b) == posit_mul(f, b, a));
  RC_ASSERT(posit_mul(f, a, one) == a);
  RC_ASSERT(posit_fma(f, a, b, 0) == posit_mul(f, a, b));
  RC_ASSERT(posit_fma(f, a, one, b) == posit_add(f, a, b));
  RC_ASSERT(posit_mul(f, (0 - a) & mask, b) == ((0 - posit_mul(f, a, b)) & mask));
}

}  // namespace
}  // namespace posittune::formats
