#include "tests/kernels/vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"

namespace posittune::kernels {
namespace {

using Word = std::uint32_t;

float f(Word word) { return std::bit_cast<float>(word); }
Word w(float value) { return std::bit_cast<Word>(value); }
std::int32_t s(Word word) { return static_cast<std::int32_t>(word); }
Word w(std::int32_t value) { return static_cast<Word>(value); }

// The instruction gives INT_MIN for NaN and what is out of range.
Word to_int(Word a, Word, Word) {
  const bool fits = f(a) >= -0x1p31F && f(a) < 0x1p31F;
  return fits ? w(static_cast<std::int32_t>(std::nearbyint(f(a)))) : 0x80000000U;
}

struct Operation {
  const char* name;
  Vocabulary::Lanes Vocabulary::* run;
  Word (*twin)(Word a, Word b, Word c);
  bool any_nan = false;  // which NaN comes out is not promised
};

const Operation kOperations[] = {
    {"mul", &Vocabulary::mul, [](Word a, Word b, Word) { return w(f(a) * f(b)); }, true},
    {"add", &Vocabulary::add, [](Word a, Word b, Word) { return w(f(a) + f(b)); }, true},
    {"sub", &Vocabulary::sub, [](Word a, Word b, Word) { return w(f(a) - f(b)); }, true},
    // Where nothing is less, b comes out: a NaN in b, and b's zero of two.
    {"min", &Vocabulary::min, [](Word a, Word b, Word) { return f(a) < f(b) ? a : b; }},
    {"max", &Vocabulary::max, [](Word a, Word b, Word) { return f(a) > f(b) ? a : b; }},
    {"nearest", &Vocabulary::nearest, [](Word a, Word, Word) { return w(std::nearbyint(f(a))); },
     true},
    {"to_int", &Vocabulary::to_int, to_int},
    {"to_float", &Vocabulary::to_float,
     [](Word a, Word, Word) { return w(static_cast<float>(s(a))); }},
    {"stream", &Vocabulary::stream, [](Word a, Word, Word) { return a; }},
    {"add of integers", &Vocabulary::int_add, [](Word a, Word b, Word) { return a + b; }},
    {"sub of integers", &Vocabulary::int_sub, [](Word a, Word b, Word) { return a - b; }},
    {"min of integers", &Vocabulary::int_min,
     [](Word a, Word b, Word) { return w(std::min(s(a), s(b))); }},
    {"max of integers", &Vocabulary::int_max,
     [](Word a, Word b, Word) { return w(std::max(s(a), s(b))); }},
    {"abs", &Vocabulary::abs, [](Word a, Word, Word) { return s(a) < 0 ? 0 - a : a; }},
    {"and_", &Vocabulary::and_, [](Word a, Word b, Word) { return a & b; }},
    {"or_", &Vocabulary::or_, [](Word a, Word b, Word) { return a | b; }},
    {"xor_", &Vocabulary::xor_, [](Word a, Word b, Word) { return a ^ b; }},
    {"or_and", &Vocabulary::or_and, [](Word a, Word b, Word c) { return a | (b & c); }},
    {"sll", &Vocabulary::sll, [](Word a, Word b, Word) { return b > 31 ? 0 : a << b; }},
    {"srl", &Vocabulary::srl, [](Word a, Word b, Word) { return b > 31 ? 0 : a >> b; }},
    {"sra", &Vocabulary::sra,
     [](Word a, Word b, Word) { return w(s(a) >> std::min<Word>(b, 31)); }},
    {"sll<9>", &Vocabulary::sll9, [](Word a, Word, Word) { return a << 9; }},
    {"srl<9>", &Vocabulary::srl9, [](Word a, Word, Word) { return a >> 9; }},
    {"sra<9>", &Vocabulary::sra9, [](Word a, Word, Word) { return w(s(a) >> 9); }},
    {"greater", &Vocabulary::greater, [](Word a, Word b, Word) { return Word{s(a) > s(b)}; }},
    {"equal", &Vocabulary::equal, [](Word a, Word b, Word) { return Word{a == b}; }},
    {"both", &Vocabulary::both,
     [](Word a, Word b, Word c) { return Word{s(a) > s(b) && s(b) > s(c)}; }},
    {"select", &Vocabulary::select, [](Word a, Word b, Word c) { return s(a) > s(b) ? b : c; }},
    {"select of integers", &Vocabulary::select_int,
     [](Word a, Word b, Word c) { return s(a) > s(b) ? b : c; }},
    {"zero_where", &Vocabulary::zero_where,
     [](Word a, Word b, Word) { return s(a) > s(b) ? 0 : b; }},
    {"zero_where of integers", &Vocabulary::zero_where_int,
     [](Word a, Word b, Word) { return s(a) > s(b) ? 0 : b; }},
    {"load_codes 8", &Vocabulary::load8, [](Word a, Word, Word) { return a & 0xff; }},
    {"load_codes 16", &Vocabulary::load16, [](Word a, Word, Word) { return a & 0xffff; }},
    {"load_codes 32", &Vocabulary::load32, [](Word a, Word, Word) { return a; }},
    {"store_codes 8", &Vocabulary::store8, [](Word a, Word, Word) { return a & 0xff; }},
    {"store_codes 16", &Vocabulary::store16, [](Word a, Word, Word) { return a & 0xffff; }},
    {"store_codes 32", &Vocabulary::store32, [](Word a, Word, Word) { return a; }},
};

constexpr std::size_t kMostLanes = 16;

// Three words for each lane; whole vectors of any vocabulary.
struct Inputs {
  std::vector<Word> a, b, c;
};
Inputs inputs() {
  std::vector<Word> specials;
  for (const float x : special_floats()) specials.push_back(w(x));
  for (const Word x : {0U, 1U, 2U, 9U, 30U, 31U, 32U, 33U, 255U, 256U, 65535U, 65536U, 0x00ffffffU,
                       0x01000001U, 0x7fffffffU, 0x80000000U, 0x80000001U, 0xffffffffU})
    specials.push_back(x);
  // Halves between integers, and the ends of int32, which rounding and conversion decide about.
  for (const float x : {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 0x1p22F + 0.5F, 0x1p31F, -0x1p31F})
    specials.push_back(w(x));
  Random random(9);
  const auto word = [&random] { return static_cast<Word>(random()); };
  Inputs all;
  for (const Word a : specials) {
    for (const Word b : specials) {
      all.a.push_back(a);
      all.b.push_back(b);
      all.c.push_back(specials[word() % specials.size()]);
    }
  }
  for (int i = 0; i < 20000 || all.a.size() % kMostLanes != 0; ++i) {
    all.a.push_back(word());
    // Counts of shifts, and neighbours, among words of all sizes.
    all.b.push_back(i % 3 == 0 ? word() % 40 : i % 3 == 1 ? all.a.back() + word() % 3 - 1 : word());
    all.c.push_back(word());
  }
  return all;
}

bool equal(const Operation& operation, Word expected, Word found) {
  return expected == found ||
         (operation.any_nan && std::isnan(f(expected)) && std::isnan(f(found)));
}

void expect_operation(const Vocabulary& vocabulary, const Operation& operation, const Inputs& in) {
  alignas(64) Word out[kMostLanes];
  for (std::size_t i = 0; i < in.a.size(); i += vocabulary.lanes) {
    (vocabulary.*operation.run)(&in.a[i], &in.b[i], &in.c[i], out);
    for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane) {
      const Word a = in.a[i + lane], b = in.b[i + lane], c = in.c[i + lane];
      const Word expected = operation.twin(a, b, c);
      ASSERT_TRUE(equal(operation, expected, out[lane]))
          << vocabulary.name << " " << operation.name << " of " << show_bits(f(a)) << ", "
          << show_bits(f(b)) << ", " << show_bits(f(c)) << ": expected " << show_bits(f(expected))
          << ", found " << show_bits(f(out[lane]));
    }
  }
}

void expect_broadcast(const Vocabulary& vocabulary, const Inputs& in) {
  Word out[kMostLanes];
  for (std::size_t i = 0; i < 64; ++i) {
    for (const auto set : {vocabulary.set_float, vocabulary.set_int}) {
      set(&in.a[i], nullptr, nullptr, out);
      for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane)
        ASSERT_EQ(out[lane], in.a[i]) << vocabulary.name;
    }
  }
}

// Each power of two and its neighbours, which a conversion to float could take for one another.
void expect_leading_zeros(const Vocabulary& vocabulary, const Inputs& in) {
  std::vector<Word> words;
  for (int bit = 0; bit < 31; ++bit) {
    for (const Word x : {(1U << bit) - 1, 1U << bit, (1U << bit) + 1, (2U << bit) - 1})
      if (x > 0 && x < 0x80000000U) words.push_back(x);
  }
  for (const Word x : in.a)
    if (x > 0 && x < 0x80000000U) words.push_back(x);
  words.resize(words.size() / kMostLanes * kMostLanes);
  Word out[kMostLanes];
  for (std::size_t i = 0; i < words.size(); i += vocabulary.lanes) {
    vocabulary.leading_zeros(&words[i], nullptr, nullptr, out);
    for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane)
      ASSERT_EQ(out[lane], static_cast<Word>(std::countl_zero(words[i + lane])))
          << vocabulary.name << " " << show_bits(words[i + lane]);
  }
}

void expect_masks(const Vocabulary& vocabulary, const Inputs& in) {
  for (std::size_t i = 0; i < in.a.size(); i += vocabulary.lanes) {
    unsigned bits = 0;
    for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane)
      bits |= unsigned{s(in.a[i + lane]) > s(in.b[i + lane])} << lane;
    ASSERT_EQ(vocabulary.mask_bits(&in.a[i], &in.b[i]), bits) << vocabulary.name;
    ASSERT_EQ(vocabulary.any(&in.a[i], &in.b[i]), bits != 0) << vocabulary.name;
  }
  // No lane, and each lane alone.
  std::vector<Word> zeros(kMostLanes), one(kMostLanes);
  EXPECT_FALSE(vocabulary.any(one.data(), zeros.data()));
  for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane) {
    one.assign(kMostLanes, 0);
    one[lane] = 1;
    EXPECT_TRUE(vocabulary.any(one.data(), zeros.data()));
    EXPECT_EQ(vocabulary.mask_bits(one.data(), zeros.data()), 1U << lane);
  }
}

// Products of two floats are exact in double, and the sum is rounded once: no matter how.
void expect_sums(const Vocabulary& vocabulary) {
  Random random(10);
  const std::vector<float> a = tensor_like(kMostLanes * 40, random),
                           b = tensor_like(kMostLanes * 40, random);
  std::vector<double> expected(vocabulary.lanes, 1e300), found(vocabulary.lanes, 1e300);
  for (std::size_t i = 0; i < a.size(); i += vocabulary.lanes) {
    std::vector<Word> x, y;
    for (std::size_t lane = 0; lane < vocabulary.lanes; ++lane) {
      const bool finite = std::isfinite(a[i + lane]) && std::isfinite(b[i + lane]);
      x.push_back(w(finite ? a[i + lane] : 3.0F));
      y.push_back(w(finite ? b[i + lane] : 5.0F));
      const double product = double{f(x.back())} * double{f(y.back())};
      expected[lane] = (i == 0 ? 0 : expected[lane]) + product;
    }
    vocabulary.add_products(x.data(), y.data(), found.data(), i == 0);
    ASSERT_EQ((mismatch<double>(expected, found)), "") << vocabulary.name;
  }
}

}  // namespace

void expect_scalar(const Vocabulary& vocabulary) {
  ASSERT_LE(vocabulary.lanes, kMostLanes);
  const Inputs in = inputs();
  for (const Operation& operation : kOperations)
    ASSERT_NO_FATAL_FAILURE(expect_operation(vocabulary, operation, in));
  ASSERT_NO_FATAL_FAILURE(expect_broadcast(vocabulary, in));
  ASSERT_NO_FATAL_FAILURE(expect_leading_zeros(vocabulary, in));
  ASSERT_NO_FATAL_FAILURE(expect_masks(vocabulary, in));
  expect_sums(vocabulary);
}

}  // namespace posittune::kernels
