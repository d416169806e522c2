#include "posittune/engine/exact_dot.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace posittune::engine {
namespace {

using boost::multiprecision::cpp_int;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// x * 2^149, an integer for every finite float.
cpp_int scaled(float x) {
  int exponent = 0;
  const double mantissa = std::frexp(static_cast<double>(x), &exponent);  // 24 bits
  const auto integer = static_cast<std::int64_t>(std::ldexp(mantissa, 24));
  const int shift = exponent - 24 + 149;
  return shift >= 0 ? cpp_int(integer) << shift : cpp_int(integer / (std::int64_t{1} << -shift));
}

// sum * 2^-298 rounded to float by bisection over the order of floats: no bit of the code under test.
float rounded(const cpp_int& sum) {
  const bool negative = sum < 0;
  const cpp_int magnitude = negative ? cpp_int(-sum) : sum;
  const auto value = [](std::uint32_t bits) { return scaled(std::bit_cast<float>(bits)) << 149; };
  std::uint32_t low = 0, high = 0x7F7FFFFF;
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (value(middle) <= magnitude ? low : high) = middle;
  }
  const cpp_int below = magnitude - value(low), above = value(high) - magnitude;
  std::uint32_t nearest = below < above || (below == above && (low & 1) == 0) ? low : high;
  if (magnitude >= (cpp_int((1U << 25) - 1) << (103 + 298))) nearest = 0x7F800000;
  const float result = std::bit_cast<float>(nearest);
  return negative ? -result : result;
}

void expect_exact(const std::vector<float>& a, const std::vector<float>& b) {
  cpp_int sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += scaled(a[i]) * scaled(b[i]);
  const float wanted = rounded(sum), found = exact_dot(a, b);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(found == 0 ? 0.0F : found), std::bit_cast<std::uint32_t>(wanted == 0 ? 0.0F : wanted))
      << found << " for " << wanted;
}

TEST(ExactDot, RandomOfAllExponents) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<float> a, b;
    for (int i = 0; i < trial % 40 + 1; ++i) {
      const auto any = [&] {
        float x = 0;
        do x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        while (!std::isfinite(x));
        return x;
      };
      a.push_back(any());
      b.push_back(any());
      if (i % 3 == 2) {  // and cancelled but for the last bits
        a.push_back(-a.back());
        b.push_back(b.back());
      }
    }
    expect_exact(a, b);
  }
}

TEST(ExactDot, Corners) {
  const float tiny = std::numeric_limits<float>::denorm_min(), big = std::numeric_limits<float>::max();
  expect_exact({1e30F, 1, -1e30F}, {1, 1, 1});
  expect_exact({tiny, 1}, {1, tiny});
  expect_exact({tiny}, {tiny});
  expect_exact({tiny, tiny}, {0.5F, 0.25F});
  expect_exact({1, 0x1p-24F}, {1, 1});                   // a tie, to even
  expect_exact({1 + 0x1p-23F, 0x1p-24F}, {1, 1});        // a tie, up
  expect_exact({1, 0x1p-24F, tiny}, {1, 1, tiny});       // above the tie by 2^-298
  expect_exact({big, big}, {1, -1});
  expect_exact({big, 0x1p103F}, {1, 1});                 // half a unit beyond the largest: infinity
  expect_exact({-big, -big}, {big, big});
  EXPECT_EQ(exact_dot(std::vector<float>{}, std::vector<float>{}), 0);
  EXPECT_TRUE(std::isnan(exact_dot(std::vector<float>{kInfinity}, std::vector<float>{1})));
  EXPECT_TRUE(std::isnan(exact_dot(std::vector<float>{1}, std::vector<float>{std::nanf("")})));
}

TEST(ExactDot, ManyProducts) {
  const std::vector<float> a(1U << 20, 1 + 0x1p-23F), b(1U << 20, 1 - 0x1p-24F);
  expect_exact(a, b);
}

}  // namespace
}  // namespace posittune::engine
