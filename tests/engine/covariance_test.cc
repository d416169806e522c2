// Against plain loops in double.

#include "posittune/engine/covariance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/model/models.h"

namespace posittune::engine {
namespace {

// Sums of thousands of floats: a rounding of 2^-24 each, which mostly cancel.
constexpr double kFloatSums = 1e-5;

// Columns that depend on each other and differ in size.
std::vector<float> tokens(std::size_t rows, std::size_t cols, unsigned seed) {
  std::vector<float> x = test::normal(rows * cols, 1, seed);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 1; c < cols; ++c) {
      x[r * cols + c] = 0.5F + x[r * cols + c] * static_cast<float>(c) + x[r * cols + c - 1];
    }
  }
  return x;
}

std::vector<double> moments(const std::vector<float>& x, std::size_t cols) {
  std::vector<double> s(cols * cols, 0);
  const std::size_t rows = x.size() / cols;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < cols; ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        s[i * cols + j] += double{x[r * cols + i]} * x[r * cols + j] / static_cast<double>(rows);
      }
    }
  }
  return s;
}

InputCovariance collected(const std::vector<float>& x, std::size_t cols, bool full,
                          std::size_t batch, int threads = 2) {
  InputCovariance covariance(cols, full);
  for (std::size_t first = 0; first < x.size(); first += batch * cols) {
    const std::size_t count = std::min(batch * cols, x.size() - first);
    covariance.add(std::span(x).subspan(first, count), {count / cols, cols}, threads);
  }
  return covariance;
}

TEST(InputCovariance, IsTheMeanOfProducts) {
  constexpr std::size_t kCols = 37, kRows = 9001;  // more than one block of each
  const auto x = tokens(kRows, kCols, 1);
  const auto expected = moments(x, kCols);
  for (const std::size_t batch : {std::size_t{64}, std::size_t{5000}, kRows}) {
    const InputCovariance full = collected(x, kCols, true, batch),
                          diagonal = collected(x, kCols, false, batch);
    EXPECT_EQ(full.count(), kRows);
    EXPECT_EQ(diagonal.count(), kRows);
    ASSERT_EQ(full.mean().size(), kCols * kCols);
    ASSERT_EQ(diagonal.mean().size(), kCols);
    for (std::size_t i = 0; i < kCols; ++i) {
      const double size = expected[i * kCols + i];
      EXPECT_NEAR(diagonal.mean()[i], size, kFloatSums * size);
      for (std::size_t j = 0; j < kCols; ++j) {
        const double largest = std::sqrt(size * expected[j * kCols + j]);
        EXPECT_NEAR(full.mean()[i * kCols + j], expected[i * kCols + j], kFloatSums * largest);
      }
    }
  }
}

TEST(InputCovariance, ThreadsDoNotMatter) {
  constexpr std::size_t kCols = 65;
  const auto x = tokens(700, kCols, 2);
  const auto d = test::normal(40 * kCols, 1, 3);
  for (const bool full : {false, true}) {
    const InputCovariance one = collected(x, kCols, full, 100, 1),
                          four = collected(x, kCols, full, 100, 4);
    EXPECT_EQ(one.mean(), four.mean());
    EXPECT_EQ(one.quadratic(d, 40, 1), four.quadratic(d, 40, 4));
  }
}

TEST(InputCovariance, QuadraticFormsOfRows) {
  constexpr std::size_t kCols = 21, kRows = 1500;  // more than are multiplied at once
  const auto x = tokens(3000, kCols, 4);
  const auto s = moments(x, kCols);
  const auto d = test::normal(kRows * kCols, 0.01F, 5);
  for (const bool full : {false, true}) {
    const auto got = collected(x, kCols, full, 512).quadratic(d, kRows, 2);
    ASSERT_EQ(got.size(), kRows);
    for (std::size_t r = 0; r < kRows; ++r) {
      double expected = 0, magnitude = 0;
      for (std::size_t i = 0; i < kCols; ++i) {
        for (std::size_t j = 0; j < kCols; ++j) {
          if (!full && i != j) continue;
          const double term = double{d[r * kCols + i]} * s[i * kCols + j] * d[r * kCols + j];
          expected += term;
          magnitude += std::fabs(term);
        }
      }
      ASSERT_NEAR(got[r], expected, kFloatSums * magnitude) << r;
    }
  }
}

// What x sees of d, token by token.
TEST(InputCovariance, QuadraticIsTheMeanSquareOfTheProduct) {
  constexpr std::size_t kCols = 9;
  const auto x = tokens(500, kCols, 6), d = test::normal(kCols, 1, 7);
  double expected = 0;
  for (std::size_t r = 0; r < 500; ++r) {
    double y = 0;
    for (std::size_t c = 0; c < kCols; ++c) y += double{d[c]} * x[r * kCols + c];
    expected += y * y / 500;
  }
  EXPECT_NEAR(collected(x, kCols, true, 33).quadratic(d, 1, 2)[0], expected, kFloatSums * expected);
}

TEST(InputCovariance, NeverNegative) {
  // Tokens along (1, -1): a d along (1, 1) gives 0, which rounding may miss on either side.
  InputCovariance covariance(2, true);
  const auto sizes = test::normal(1000, 1, 8);
  std::vector<float> x;
  for (const float size : sizes) x.insert(x.end(), {size, -size});
  covariance.add(x, {1000, 2}, 2);
  const std::vector<float> d = {0.1F, 0.1F, 1e-3F, 1e-3F, 0, 0};
  for (const double value : covariance.quadratic(d, 3, 2)) {
    EXPECT_GE(value, 0);
    EXPECT_LT(value, 1e-8);
  }
  EXPECT_EQ(covariance.quadratic(d, 3, 2)[2], 0);
}

TEST(InputCovariance, NothingSeen) {
  for (const bool full : {false, true}) {
    InputCovariance covariance(3, full);
    covariance.add({}, {0, 3}, 2);
    EXPECT_EQ(covariance.count(), 0u);
    for (const float value : covariance.mean()) EXPECT_EQ(value, 0);
    EXPECT_EQ(covariance.quadratic(std::vector<float>{1, 2, 3}, 1, 2), std::vector<double>{0});
    EXPECT_TRUE(covariance.quadratic({}, 0, 2).empty());
  }
}

// A constant's squares, one after the other in float, would all be rounded the same way.
TEST(InputCovariance, ManyEqualTokensAreNotLost) {
  const std::vector<float> x(200'000, 0.1F);
  for (const bool full : {false, true}) {
    InputCovariance covariance(1, full);
    for (int i = 0; i < 10; ++i) covariance.add(x, {x.size(), 1}, 2);
    EXPECT_NEAR(covariance.mean()[0], 0.01, 0.01 * kFloatSums);
  }
}

TEST(InputCovariance, NaNIsNoSmallError) {
  for (const bool full : {false, true}) {
    InputCovariance covariance(2, full);
    covariance.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, {1, 2}, 2);
    EXPECT_TRUE(std::isnan(covariance.quadratic(std::vector<float>{1, 1}, 1, 2)[0]));
  }
}

}  // namespace
}  // namespace posittune::engine
