// The quire against exact sums: one rounding at the end, whatever came before.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "checker.h"
#include "oracle/posit_arithmetic.h"
#include "posittune/formats/arithmetic.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

using oracle::Dyadic;

// One posit format with its model; codes as the standard names them.
struct Posit {
  explicit Posit(const Format& f)
      : format(f), model(model_of(f)), mask(static_cast<std::uint32_t>(code_count(f) - 1)) {}

  std::uint32_t nar() const { return 1U << (format.bits - 1); }
  std::uint32_t one() const { return nar() >> 1; }
  std::uint32_t maxpos() const { return nar() - 1; }
  std::uint32_t negated(std::uint32_t code) const { return (0 - code) & mask; }
  Dyadic value(std::uint32_t code) const { return model->value(code).number; }
  std::uint32_t rounded(const Dyadic& x) const { return oracle::nearest(*model, x); }

  // Any code but NaR.
  std::uint32_t random_code(std::mt19937_64& random) const {
    const auto code = static_cast<std::uint32_t>(random()) & mask;
    return code == nar() ? one() : code;
  }

  Format format;
  std::unique_ptr<oracle::Model> model;
  std::uint32_t mask;
};

std::vector<Format> standard_posits(int low, int high) {
  std::vector<Format> all = posits(low, high);
  std::erase_if(all, [](const Format& f) { return f.variant == kPositFlush; });
  return all;
}

struct Term {
  std::uint32_t a, b;
  bool subtract;
};

void apply(Quire& quire, const Term& t) {
  t.subtract ? quire.sub_product(t.a, t.b) : quire.add_product(t.a, t.b);
}

std::vector<Term> random_terms(const Posit& p, std::size_t count, std::mt19937_64& random) {
  std::vector<Term> terms;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t a = p.random_code(random), b = p.random_code(random);
    terms.push_back({a, b, random() % 2 == 0});
  }
  return terms;
}

Dyadic exact_sum(const Posit& p, const std::vector<Term>& terms) {
  Dyadic sum;
  for (const Term& t : terms) {
    const Dyadic product = p.value(t.a) * p.value(t.b);
    sum = t.subtract ? sum - product : sum + product;
  }
  return sum;
}

TEST(Quire, RandomSumsOfProducts) {
  std::mt19937_64 random(4);
  int sums = 0;
  for (const Format& f : posits(2, 32)) {  // the flush variant too
    const Posit p(f);
    for (int i = 0; i < 500; ++i, ++sums) {
      const auto terms = random_terms(p, 1 + random() % 40, random);
      Quire quire(f);
      for (const Term& t : terms) apply(quire, t);
      const std::uint32_t want = p.rounded(exact_sum(p, terms));
      ASSERT_EQ(quire.to_posit(), want)
          << name(f) << " sum " << i << " of " << terms.size() << " products\n  got      "
          << show_code(f, quire.to_posit()) << "\n  expected " << show_code(f, want);
    }
  }
  EXPECT_EQ(sums, 31 * 10 * 500);
}

TEST(Quire, OrderDoesNotMatter) {
  std::mt19937_64 random(5);
  for (const Format& f : standard_posits(4, 32)) {
    const Posit p(f);
    auto terms = random_terms(p, 200, random);
    const std::uint32_t want = p.rounded(exact_sum(p, terms));
    for (int i = 0; i < 5; ++i) {
      std::shuffle(terms.begin(), terms.end(), random);
      Quire quire(f);
      for (const Term& t : terms) apply(quire, t);
      ASSERT_EQ(quire.to_posit(), want) << name(f) << " order " << i;
    }
  }
}

TEST(Quire, CancelsToExactlyZero) {
  std::mt19937_64 random(6);
  for (const Format& f : standard_posits(2, 32)) {
    const Posit p(f);
    auto terms = random_terms(p, 50, random);
    Quire quire(f);
    for (const Term& t : terms) apply(quire, t);
    std::shuffle(terms.begin(), terms.end(), random);
    for (const Term& t : terms) apply(quire, {t.a, t.b, !t.subtract});
    ASSERT_EQ(quire.to_posit(), 0U) << name(f);
    // What is left of maxpos^2 + minpos^2 - maxpos^2 is minpos^2, which rounds to minpos.
    quire.add_product(p.maxpos(), p.maxpos());
    quire.add_product(1, 1);
    quire.sub_product(p.maxpos(), p.maxpos());
    ASSERT_EQ(quire.to_posit(), 1U) << name(f);
    quire.sub_product(1, 1);
    quire.sub_product(1, 1);
    ASSERT_EQ(quire.to_posit(), p.negated(1)) << name(f);
  }
}

TEST(Quire, AddsEveryPositUnchanged) {
  std::uint64_t codes = 0;
  for (const Format& f : standard_posits(2, 12)) {
    Quire quire(f);
    for (std::uint32_t code = 0; code < code_count(f); ++code, ++codes) {
      quire.clear();
      quire.add(code);
      ASSERT_EQ(quire.to_posit(), code) << name(f) << " " << show_code(f, code);
    }
  }
  EXPECT_EQ(codes, 5U * ((1 << 13) - 4));
}

TEST(Quire, NarStaysUntilClear) {
  for (const Format& f : standard_posits(2, 32)) {
    const Posit p(f);
    for (const auto& [a, b] : {std::pair{p.nar(), p.one()}, std::pair{0U, p.nar()}}) {
      Quire quire(f);
      quire.add_product(a, b);
      ASSERT_TRUE(quire.is_nar()) << name(f);
      quire.sub_product(a, b);
      quire.add(p.one());
      ASSERT_TRUE(quire.is_nar()) << name(f);
      ASSERT_EQ(quire.to_posit(), p.nar()) << name(f);
      quire.clear();
      ASSERT_FALSE(quire.is_nar()) << name(f);
      ASSERT_EQ(quire.to_posit(), 0U) << name(f);
      quire.add(p.one());
      ASSERT_EQ(quire.to_posit(), p.one()) << name(f);
    }
    Quire quire(f);
    quire.sub_product(p.one(), p.nar());
    ASSERT_TRUE(quire.is_nar()) << name(f);
    quire.clear();
    quire.add(p.nar());
    ASSERT_TRUE(quire.is_nar()) << name(f);
  }
}

// Adds a positive multiple of minpos^2 bit by bit, each power of two as a product of two posits.
// Only for es = 0, where every power of two within the range is a posit.
void add_exactly(Quire& quire, const Posit& p, const Dyadic& x) {
  const int top = p.format.bits - 2;
  oracle::Integer units = x.scaled(2 * top);
  for (int bit = 0; units != 0; ++bit, units >>= 1) {
    if ((units & 1) == 0) continue;
    const int exponent = bit - 2 * top, part = std::clamp(exponent, -top, top);
    quire.add_product(p.rounded(Dyadic::power_of_two(part)),
                      p.rounded(Dyadic::power_of_two(exponent - part)));
  }
}

TEST(Quire, RoundsTiesToEvenAndFeelsTheLastBit) {
  std::uint64_t ties = 0;
  for (int n = 3; n <= 13; ++n) {
    const Posit p(posit(n, 0));
    for (std::uint32_t code = 1; code < p.maxpos(); ++code, ++ties) {
      Quire quire(p.format);
      add_exactly(quire, p, p.model->above(code).at);
      ASSERT_EQ(quire.to_posit(), code + code % 2) << "tie above " << show_code(p.format, code);
      quire.add_product(1, 1);
      ASSERT_EQ(quire.to_posit(), code + 1) << "above tie " << show_code(p.format, code);
      quire.sub_product(1, 1);
      quire.sub_product(1, 1);
      ASSERT_EQ(quire.to_posit(), code) << "below tie " << show_code(p.format, code);
    }
  }
  EXPECT_EQ(ties, (1U << 13) - 4 - 2 * 11);  // sum of 2^(n-1) - 2
}

// Half way between neighbours is (c + (c+1)) / 2, with 1/2 a posit when n >= es + 3. One case in
// every binade, so that the leading bit visits every place of every limb; then the last bit of all,
// and a bit somewhere between, has to break the tie.
void check_near_mean(const Posit& p, std::uint32_t code, std::uint32_t between) {
  const std::uint32_t half = p.rounded(Dyadic::power_of_two(-1));
  const Dyadic mean = (p.value(code) + p.value(code + 1)).half();
  Quire quire(p.format);
  quire.add_product(code, half);
  quire.add_product(half, code + 1);
  const auto expect = [&](const Dyadic& x, const char* what) {
    const std::uint32_t want = p.rounded(x);
    ASSERT_EQ(quire.to_posit(), want)
        << name(p.format) << " mean above " << show_code(p.format, code) << what << "\n  expected "
        << show_code(p.format, want);
  };
  const Dyadic last = p.value(1) * p.value(1), middle = p.value(between) * p.value(1);
  expect(mean, "");
  quire.add_product(1, 1);
  expect(mean + last, " + minpos^2");
  quire.sub_product(1, 1);
  quire.sub_product(1, 1);
  expect(mean - last, " - minpos^2");
  quire.add_product(1, 1);
  quire.add_product(between, 1);
  expect(mean + middle, " + a bit between");
}

TEST(Quire, RoundsMeansOfNeighboursInEveryBinade) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> mantissas(1, 2);
  int visited = 0, ties = 0;
  for (const Format& f : standard_posits(9, 32)) {
    const Posit p(f);
    const int top = p.value(p.maxpos()).floor_log2();
    for (int exponent = -top; exponent < top; ++exponent, ++visited) {
      const double x = std::ldexp(mantissas(random), exponent);
      const std::uint32_t code = std::min(p.rounded(Dyadic(x)), p.maxpos() - 1);
      // Even codes: their ties go down, so a lost bit shows.
      const std::uint32_t even = std::max(code & ~1U, 2U);
      const std::uint32_t between = static_cast<std::uint32_t>(1 + random() % (even / 2));
      ASSERT_NO_FATAL_FAILURE(check_near_mean(p, even, between));
      if (p.model->above(even).at == (p.value(even) + p.value(even + 1)).half()) ++ties;
    }
  }
  EXPECT_EQ(visited, 2 * 31 * (24 * (7 + 30) / 2));  // sum of 2 (n-2) 2^es over n 9..32, es 0..4
  EXPECT_GT(ties, visited / 4);  // near the ends of the range boundaries are geometric means
}

TEST(Quire, SaturatesInToPositOnly) {
  for (const Format& f : standard_posits(3, 32)) {
    const Posit p(f);
    Quire quire(f);
    for (int i = 0; i < 1000; ++i) quire.add_product(p.maxpos(), p.maxpos());
    ASSERT_EQ(quire.to_posit(), p.maxpos()) << name(f);
    for (int i = 0; i < 2000; ++i) quire.sub_product(p.maxpos(), p.maxpos());
    ASSERT_EQ(quire.to_posit(), p.negated(p.maxpos())) << name(f);
    for (int i = 0; i < 1000; ++i) quire.add_product(p.maxpos(), p.maxpos());
    quire.add(p.one());
    ASSERT_EQ(quire.to_posit(), p.one()) << name(f);
  }
}

TEST(Quire, WidthHoldsTheDocumentedPicture) {
  for (const Format& f : standard_posits(2, 32)) {
    const int needed = 4 * (f.bits - 2) * (1 << f.exp_bits) + 2 + 31;
    EXPECT_GE(Quire(f).width(), needed) << name(f);
    EXPECT_LT(Quire(f).width(), needed + 64) << name(f);
  }
}

}  // namespace
}  // namespace posittune::formats
