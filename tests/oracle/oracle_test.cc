// The oracle itself: its number type against Boost's rationals, its two ways to round against each
// other, and values that can be read in the documents.

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <stdexcept>

#include "oracle/dyadic.h"
#include "oracle/model.h"
#include "oracle/posit_arithmetic.h"
#include "oracle/table.h"

namespace posittune::oracle {
namespace {

using Rational = boost::multiprecision::cpp_rational;

double random_double(std::mt19937_64& random) {
  const auto units = static_cast<std::int64_t>(random()) >> (random() % 60);
  return std::ldexp(static_cast<double>(units), static_cast<int>(random() % 200) - 100);
}

TEST(Dyadic, AgreesWithRationals) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const double x = random_double(random), y = i % 7 == 0 ? x : random_double(random);
    const Dyadic a(x), b(y);
    const Rational p(x), q(y);
    ASSERT_EQ(a < b, p < q) << x << " " << y;
    ASSERT_EQ(a == b, p == q) << x << " " << y;
    const int shift = 400;  // below the last bit of every product
    const Rational unit = Rational(Integer(1) << shift);
    ASSERT_EQ((a + b).scaled(shift), numerator(Rational((p + q) * unit))) << x << " " << y;
    ASSERT_EQ((a - b).scaled(shift), numerator(Rational((p - q) * unit))) << x << " " << y;
    ASSERT_EQ((a * b).scaled(shift), numerator(Rational(p * q * unit))) << x << " " << y;
  }
}

TEST(Dyadic, DoublesRoundTripAndNothingElseConverts) {
  for (const double x : {0.0, 1.0, -3.5, 0x1p-1074, -0x1.fffffffffffffp1023, 0x1.8p-1073}) {
    EXPECT_EQ(Dyadic(x).to_double(), x);
  }
  EXPECT_THROW((Dyadic(1.0) + Dyadic(0x1p-53)).to_double(), std::domain_error);
  EXPECT_THROW(Dyadic(0x1p-1074).half().to_double(), std::domain_error);
  EXPECT_THROW(Dyadic::power_of_two(1024).to_double(), std::domain_error);
  EXPECT_THROW(Dyadic(0.5).scaled(0), std::domain_error);
  EXPECT_THROW(Dyadic(std::nan("")), std::domain_error);
  EXPECT_TRUE(Dyadic(0x1.fffffep127).fits_float());
  EXPECT_FALSE(Dyadic(0x1.ffffffp127).fits_float());
  EXPECT_FALSE(Dyadic(0x1p-150).fits_float());
}

TEST(Dyadic, Logarithms) {
  EXPECT_EQ(Dyadic(1.0).floor_log2(), 0);
  EXPECT_EQ(Dyadic(-0.75).floor_log2(), -1);
  EXPECT_EQ(Dyadic(448).floor_log2(), 8);
  EXPECT_EQ(Dyadic(448).significant_bits(), 3);
}

// posit<6,2> around zero and one, worked by hand from the standard's formula.
TEST(Model, PositValuesByHand) {
  EXPECT_EQ(posit_value(6, 2, 0b0'10'00'0), Dyadic(1.0));
  EXPECT_EQ(posit_value(6, 2, 0b0'10'00'1), Dyadic(1.5));
  EXPECT_EQ(posit_value(6, 2, 0b0'110'11), Dyadic(128.0));
  EXPECT_EQ(posit_value(6, 2, 0b0'1110'1), Dyadic(1024.0));  // second exponent bit is cut: e = 2
  EXPECT_EQ(posit_value(6, 2, 0b0'00001), Dyadic(0x1p-16));
  EXPECT_EQ(posit_value(6, 2, 0b1'10'00'0), Dyadic(-1.0));
  EXPECT_EQ(posit_value(6, 2, 0b1'01'11'1), Dyadic(-1.5));
  EXPECT_EQ(posit_value(6, 2, 0b1'11111), Dyadic(-0x1p-16));
  EXPECT_EQ(posit_value(2, 2, 0b01), Dyadic(1.0));
  EXPECT_EQ(posit_value(2, 2, 0b11), Dyadic(-1.0));
  EXPECT_THROW(posit_value(6, 2, 0b100000), std::domain_error);
}

// The standard: negation is two's complement. The formula does not use it.
TEST(Model, PositNegationIsTwosComplement) {
  for (int n = 2; n <= 12; ++n) {
    for (int es = 0; es <= 4; ++es) {
      const std::uint64_t nar = std::uint64_t{1} << (n - 1);
      for (std::uint64_t code = 1; code < nar; ++code) {
        ASSERT_EQ(posit_value(n, es, 2 * nar - code), -posit_value(n, es, code)) << n << " " << es;
      }
    }
  }
}

// Between posit<8,0> 2^-6 and 2^-5 the boundary of the standard is posit<9,0> 2^-6 * 1.5.
TEST(Model, BoundariesByHand) {
  const auto p80 = posit_model(8, 0);
  EXPECT_EQ(p80->above(1).at, Dyadic(0x1.8p-6));
  const auto p82 = posit_model(8, 2);
  EXPECT_EQ(p82->above(1).at, Dyadic(0x1p-22));  // 2^-24 and 2^-20: the geometric mean
  EXPECT_EQ(p82->above(-2).at, Dyadic(-0x1p-22));
  EXPECT_EQ(p82->above(126).at, Dyadic(0x1p22));
  const auto fp4 = float_model(2, 1);  // 0 .5 1 1.5 2 3 4 6
  EXPECT_EQ(fp4->above(6).at, Dyadic(5.0));
  EXPECT_FALSE(fp4->above(6).tie_up);
  const auto fp16 = float_model(5, 10);
  EXPECT_EQ(fp16->above(fp16->last() - 1).at, Dyadic(65520.0));
}

TEST(Model, BothWaysToRoundAgree) {
  std::mt19937_64 random(2);
  int visited = 0;
  for (const auto& model : {posit_model(8, 1), posit_model(10, 2, true), float_model(4, 3),
                            float_model(5, 10), integer_model(7)}) {
    const EncodeTable table(*model);
    for (int i = 0; i < 5000; ++i, ++visited) {
      const double x = std::ldexp(random_double(random), -30);
      ASSERT_EQ(table.encode(x), encode(*model, x)) << x;
    }
    for (const double x : table.boundaries()) ASSERT_EQ(table.encode(x), encode(*model, x)) << x;
  }
  EXPECT_EQ(visited, 5 * 5000);
}

TEST(PositArithmetic, FixedPointAgreesWithDyadic) {
  std::mt19937_64 random(3);
  for (int n = 2; n <= 8; ++n) {
    for (int es = 0; es <= 4; ++es) {
      for (const bool flush : {false, true}) {
        const auto model = posit_model(n, es, flush);
        const SmallPosit small(n, es, flush);
        const std::uint32_t codes = 1U << n;
        for (int i = 0; i < 300; ++i) {
          const auto a = static_cast<std::uint32_t>(random() % codes);
          const auto b = static_cast<std::uint32_t>(random() % codes);
          const auto c = static_cast<std::uint32_t>(random() % codes);
          ASSERT_EQ(small.add(a, b), add(*model, a, b)) << n << " " << es;
          ASSERT_EQ(small.mul(a, b), mul(*model, a, b)) << n << " " << es;
          ASSERT_EQ(small.fma(a, b, c), fma(*model, a, b, c)) << n << " " << es;
        }
      }
    }
  }
}

}  // namespace
}  // namespace posittune::oracle
