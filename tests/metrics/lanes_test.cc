// Pieces of the KL divergence in four and eight lanes, beside double precision.

#include "posittune/metrics/lanes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

namespace posittune::metrics {
namespace {

template <std::size_t N>
std::vector<float> all(const Floats<N>& lanes) {
  std::vector<float> values(N);
  store<N>(lanes, values.data(), N);
  return values;
}

TEST(Lanes, LoadsAndStoresNoMoreThanThereIs) {
  const float four[] = {1, 2, 3, 4};
  EXPECT_EQ(all<4>(load<4>(four, 4, 9)), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(all<4>(load<4>(four, 2, 9)), (std::vector<float>{1, 2, 9, 9}));
  float to[] = {0, 0, 0, 0};
  store<4>(load<4>(four, 4, 0), to, 3);
  EXPECT_EQ(to[2], 3);
  EXPECT_EQ(to[3], 0);
}

TEST(Lanes, MasksKeepOrClear) {
  const float four[] = {1, NAN, 3, INFINITY};
  const Floats<4> x = load<4>(four, 4, 0);
  const typename Lanes<4>::Ints mask = {-1, 0, 0, -1};
  EXPECT_EQ(all<4>(keep_if<4>(mask, x)), (std::vector<float>{1, 0, 0, INFINITY}));
}

// Element i is added to partial sum i % 8: the same bits in four lanes and in eight.
TEST(Lanes, SumsDoNotDependOnTheWidth) {
  std::vector<float> values(64);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::ldexp(1.0f + static_cast<float>(i), static_cast<int>(i * 7 % 40) - 20);
  RowSum<4> four;
  RowSum<8> eight;
  double parts[8] = {}, expected = 0;
  for (std::size_t i = 0; i < values.size(); ++i) parts[i % 8] += double{values[i]};
  for (const double part : parts) expected += part;
  for (std::size_t i = 0; i < values.size(); i += 4)
    four.add(i, Doubles<4>::of(load<4>(values.data() + i, 4, 0)));
  for (std::size_t i = 0; i < values.size(); i += 8)
    eight.add(i, Doubles<8>::of(load<8>(values.data() + i, 8, 0)));
  EXPECT_EQ(four.total(), expected);
  EXPECT_EQ(eight.total(), expected);
}

TEST(Lanes, ExponentialsOfBothWidths) {
  for (float x = 0; x > -80; x -= 0.37f) {
    std::vector<float> same(8, x);
    const float four = all<4>(exp_softmax<4>(load<4>(same.data(), 4, 0)))[1];
    const float eight = all<8>(exp_softmax<8>(load<8>(same.data(), 8, 0)))[5];
    EXPECT_EQ(std::bit_cast<unsigned>(four), std::bit_cast<unsigned>(eight));
    const double exact = x < kLeastExponent ? 0 : std::exp(double{x});
    EXPECT_NEAR(double{four}, exact, 2e-7 * exact) << x;
  }
}

double part(float p, float q) {
  const std::vector<float> ps(4, p), qs(4, q);
  const float t = std::log(q / p);
  const std::vector<float> ts(4, t);
  return double{all<4>(
      kl_part<4>(load<4>(ps.data(), 4, 0), load<4>(qs.data(), 4, 0), load<4>(ts.data(), 4, 0)))[2]};
}

// q - p - p log(q / p), which is about p t^2 / 2 for small t.
TEST(Lanes, PartsOfTheDivergence) {
  for (const float p : {1e-6f, 0.1f, 0.7f}) {
    for (const float factor : {1e-4f, 0.3f, 0.61f, 0.999f, 1.0f, 1.001f, 1.6f, 20.0f}) {
      const float q = p * factor;
      const double t = double{std::log(q / p)};
      // Of the float t: p e^t is the q that belongs to it.
      const bool near = t > -0.5 && t < 0.5;
      const double exact =
          near ? double{p} * (std::expm1(t) - t) : double{q} - double{p} - double{p} * t;
      EXPECT_NEAR(part(p, q), exact, 1e-6 * std::abs(exact)) << p << " " << factor;
      EXPECT_GE(part(p, q), 0);
    }
  }
  EXPECT_EQ(part(0.25f, 0.25f), 0);
  EXPECT_EQ(part(0, 0.5f), 0.5);
  EXPECT_TRUE(std::isinf(part(0.5f, 0)));
}

}  // namespace
}  // namespace posittune::metrics
