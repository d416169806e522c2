#include "posittune/engine/exact_dot.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "oracle/model.h"
#include "posittune/formats/arithmetic.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"

namespace posittune::engine {
namespace {

using oracle::Dyadic;

constexpr float kInf = std::numeric_limits<float>::infinity();

Dyadic exact_sum(const std::vector<float>& a, const std::vector<float>& b) {
  Dyadic sum;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum = sum + Dyadic(double{a[i]}) * Dyadic(double{b[i]});
  return sum;
}

float rounded(const Dyadic& exact) {
  static const auto fp32 = oracle::float_model(8, 23);
  return static_cast<float>(fp32->value(oracle::nearest(*fp32, exact)).to_double());
}

void expect_exact(const std::vector<float>& a, const std::vector<float>& b) {
  const float expected = rounded(exact_sum(a, b)), got = exact_dot(a, b);
  EXPECT_EQ(got, expected) << std::hexfloat << got << " instead of " << expected << ", " << a.size()
                           << " products";
}

// Any pattern of bits that is a number.
float any_float(std::mt19937& random) {
  for (;;) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(value)) return value;
  }
}

TEST(ExactDot, RandomFloatsOfAnySize) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<float> a(1 + random() % 8), b(a.size());
    for (float& x : a) x = any_float(random);
    for (float& x : b) x = any_float(random);
    expect_exact(a, b);
  }
}

// The middle of the range, where rounding and cancellation happen rather than
// overflow.
TEST(ExactDot, RandomFloatsOfLikeSize) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 3000; ++i) {
    std::vector<float> a(2 + random() % 30), b(a.size());
    const int span = static_cast<int>(random() % 40);
    const auto draw = [&] {
      return std::ldexp(normal(random),
                        static_cast<int>(random() % static_cast<unsigned>(span + 1)) - span / 2);
    };
    for (float& x : a) x = draw();
    for (float& x : b) x = draw();
    if (i % 2 == 0) {  // all but a little cancels
      a.push_back(-a[0]);
      b.push_back(std::nextafter(b[0], 0.0F));
    }
    expect_exact(a, b);
  }
}

// Results in the range of subnormals, which have fewer bits.
TEST(ExactDot, RandomSubnormalResults) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 2000; ++i) {
    const int low = -80 + static_cast<int>(random() % 20);
    std::vector<float> a(1 + random() % 5), b(a.size());
    for (float& x : a) x = std::ldexp(normal(random), low);
    for (float& x : b) x = std::ldexp(normal(random), -66);
    expect_exact(a, b);
  }
}

TEST(ExactDot, CancellationLeavesTheSmallTerm) {
  EXPECT_EQ(exact_dot(std::vector<float>{1e30F, 1, -1e30F}, std::vector<float>{1, 1, 1}), 1);
  EXPECT_EQ(exact_dot(std::vector<float>{FLT_MAX, FLT_TRUE_MIN, -FLT_MAX},
                      std::vector<float>{FLT_MAX, FLT_TRUE_MIN, FLT_MAX}),
            0);
  EXPECT_EQ(exact_dot(std::vector<float>{FLT_MAX, FLT_TRUE_MIN, -FLT_MAX},
                      std::vector<float>{FLT_MAX, 1, FLT_MAX}),
            FLT_TRUE_MIN);
}

// FLT_MAX + half of its last bit is a tie and goes to infinity, as 2^128 would
// be even.
TEST(ExactDot, OverflowRoundsToInfinity) {
  const float half = 0x1p103F;
  EXPECT_EQ(exact_dot(std::vector<float>{FLT_MAX, half}, std::vector<float>{1, 1}), kInf);
  EXPECT_EQ(
      exact_dot(std::vector<float>{FLT_MAX, std::nextafter(half, 0.0F)}, std::vector<float>{1, 1}),
      FLT_MAX);
  EXPECT_EQ(exact_dot(std::vector<float>{-FLT_MAX, half}, std::vector<float>{1, -1}), -kInf);
  EXPECT_EQ(exact_dot(std::vector<float>{FLT_MAX}, std::vector<float>{FLT_MAX}), kInf);
  EXPECT_EQ(exact_dot(std::vector<float>{FLT_MAX, FLT_MAX}, std::vector<float>{FLT_MAX, -FLT_MAX}),
            0);
}

TEST(ExactDot, TiesToEven) {
  const std::vector<float> ones = {1, 1};
  EXPECT_EQ(exact_dot(std::vector<float>{1, 0x1p-24F}, ones), 1);
  EXPECT_EQ(exact_dot(std::vector<float>{1 + 0x1p-23F, 0x1p-24F}, ones), 1 + 0x1p-22F);
  EXPECT_EQ(
      exact_dot(std::vector<float>{1, 0x1p-24F, 0x1p-149F}, std::vector<float>{1, 1, 0x1p-149F}),
      1 + 0x1p-23F);
  EXPECT_EQ(
      exact_dot(std::vector<float>{1, 0x1p-24F, 0x1p-149F}, std::vector<float>{1, 1, -0x1p-149F}),
      1);
  // Subnormal results: multiples of 2^-149.
  EXPECT_EQ(exact_dot(std::vector<float>{0x1p-75F}, std::vector<float>{0x1p-75F}), 0);
  EXPECT_EQ(exact_dot(std::vector<float>{0x3p-75F}, std::vector<float>{0x1p-75F}), 0x1p-148F);
  EXPECT_EQ(exact_dot(std::vector<float>{0x5p-75F}, std::vector<float>{0x1p-75F}), 0x1p-148F);
  EXPECT_EQ(
      exact_dot(std::vector<float>{0x1p-75F, 0x1p-149F}, std::vector<float>{0x1p-75F, 0x1p-149F}),
      0x1p-149F);
  EXPECT_EQ(exact_dot(std::vector<float>{0x1p-149F}, std::vector<float>{0x1p-149F}), 0);
  EXPECT_EQ(
      exact_dot(std::vector<float>{0x1.fffffep-64F, 0x1p-149F}, std::vector<float>{0x1p-63F, 0.5F}),
      0x1p-126F);
}

// A sum of nothing, of zeros of either sign, and one that cancels is +0.
TEST(ExactDot, ZeroIsPositive) {
  for (const auto& [a, b] : std::vector<std::pair<std::vector<float>, std::vector<float>>>{
           {{}, {}}, {{-0.0F}, {1}}, {{-0.0F, -0.0F}, {0, 3}}, {{2, -2}, {3, 3}}}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(exact_dot(a, b)), 0u);
  }
}

TEST(ExactDot, NoNumberIsNaN) {
  for (const float bad : {kInf, -kInf, std::nanf("")}) {
    EXPECT_TRUE(std::isnan(exact_dot(std::vector<float>{1, bad}, std::vector<float>{1, 0})));
    EXPECT_TRUE(std::isnan(exact_dot(std::vector<float>{0, 1}, std::vector<float>{bad, 1})));
  }
}

// 2^20 products of one sign: every limb sees carries.
TEST(ExactDot, AMillionProducts) {
  constexpr std::size_t kCount = 1 << 20;
  for (const float value : {0x1.fffffep0F, -0x1.fffffep-10F, 0x1.fffffep-70F, 0x1.fffffep40F}) {
    const std::vector<float> a(kCount, value), b(kCount, 0x1.fffffep0F);
    const Dyadic exact =
        Dyadic(double{value}) * Dyadic(double{0x1.fffffep0F}) * Dyadic::power_of_two(20);
    EXPECT_EQ(exact_dot(a, b), rounded(exact));
    ExactSum sum;
    for (std::size_t i = 0; i < kCount; ++i) sum.add_product(a[i], b[i]);
    for (std::size_t i = 0; i < kCount; ++i) sum.add_product(-a[i], b[i]);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(sum.to_float()), 0u);
  }
}

// Past the period at which carries are resolved while summing.
TEST(ExactDot, CarriesAreResolvedInTime) {
  constexpr std::uint32_t kCount = (1U << 28) + 3;
  ExactSum sum;
  for (std::uint32_t i = 0; i < kCount; ++i) sum.add_product(0x1.fffffep0F, 0x1.fffffep0F);
  const Dyadic exact = Dyadic(double{0x1.fffffep0F}) * Dyadic(double{0x1.fffffep0F}) *
                       Dyadic(oracle::Integer(kCount), 0);
  EXPECT_EQ(sum.to_float(), rounded(exact));
  sum.clear();
  sum.add_product(2, 3);
  EXPECT_EQ(sum.to_float(), 6);
}

struct Posit {
  int n, es;
};
class ExactDotPosit : public testing::TestWithParam<Posit> {};

// Values of small posits: the quire and the exact sum of floats are the same
// number.
TEST_P(ExactDotPosit, EqualsTheQuire) {
  const auto [n, es] = GetParam();
  const formats::Format format = formats::posit(n, es);
  const auto model = oracle::posit_model(n, es);
  const std::uint32_t nar = 1U << (n - 1), codes = 1U << n;
  std::mt19937 random(static_cast<unsigned>(10 * n + es));
  std::size_t exact_in_float = 0;
  for (int i = 0; i < 300; ++i) {
    formats::Quire quire(format);
    std::vector<float> a, b;
    Dyadic sum;
    for (std::size_t k = 1 + random() % 64; k > 0; --k) {
      const auto draw = [&] {
        const std::uint32_t code = static_cast<std::uint32_t>(random()) % codes;
        return code == nar ? 0 : code;
      };
      const std::uint32_t p = draw(), q = draw();
      quire.add_product(p, q);
      a.push_back(static_cast<float>(formats::decode(format, p)));
      b.push_back(static_cast<float>(formats::decode(format, q)));
      sum = sum + oracle::posit_value(n, es, p) * oracle::posit_value(n, es, q);
    }
    const float dot = exact_dot(a, b);
    EXPECT_EQ(dot, rounded(sum));
    EXPECT_EQ(quire.to_posit(), oracle::nearest(*model, sum));
    if (!sum.fits_float()) continue;  // rounding twice may differ
    ++exact_in_float;
    EXPECT_EQ(formats::encode(format, double{dot}), quire.to_posit());
  }
  EXPECT_GT(exact_in_float, 10u);
}

INSTANTIATE_TEST_SUITE_P(Small, ExactDotPosit,
                         testing::Values(Posit{8, 0}, Posit{8, 1}, Posit{8, 2}, Posit{6, 1}),
                         [](const auto& each) {
                           return std::string("n") + std::to_string(each.param.n) + "es" +
                                  std::to_string(each.param.es);
                         });

}  // namespace
}  // namespace posittune::engine
