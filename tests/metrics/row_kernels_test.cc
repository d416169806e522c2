#include "posittune/metrics/row_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> normal_row(std::mt19937& random, std::size_t n, float spread) {
  std::normal_distribution<float> draw(0, spread);
  std::vector<float> row(n);
  for (float& v : row) v = draw(random);
  return row;
}

// Every NaN is the same to us.
std::uint64_t bits(double x) { return std::isnan(x) ? 1 : std::bit_cast<std::uint64_t>(x); }

TEST(RowKernels, BaselineIsFirst) {
  ASSERT_FALSE(row_kernels().empty());
  EXPECT_EQ(row_kernels().front().name, "baseline");
}

TEST(RowKernels, AllTargetsGiveTheSameBits) {
  std::mt19937 random(1);
  const RowKernels& baseline = row_kernels().front();
  for (std::size_t n = 1; n < 70; ++n) {
    auto x = normal_row(random, n, 10), y = normal_row(random, n, 10);
    if (n % 7 == 3) x[n / 2] = -kInf;
    if (n % 7 == 4) y[n / 3] = n % 2 == 0 ? kNaN : kInf;
    std::vector<float> p(n), q(n), other(n);
    const auto sx = baseline.softmax(x.data(), n, p.data());
    baseline.softmax(y.data(), n, q.data());
    const double kl = baseline.kl(x.data(), y.data(), p.data(), q.data(), n, 0.9f, 0.1f);
    const auto deviation = baseline.deviation(x.data(), y.data(), n);
    for (const RowKernels& target : row_kernels()) {
      SCOPED_TRACE(std::string(target.name) + ", " + std::to_string(n));
      const auto sums = target.softmax(x.data(), n, other.data());
      EXPECT_EQ(sums.max, sx.max);
      EXPECT_EQ(bits(sums.sum), bits(sx.sum));
      for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(bits(other[i]), bits(p[i]));
      EXPECT_EQ(bits(target.kl(x.data(), y.data(), p.data(), q.data(), n, 0.9f, 0.1f)), bits(kl));
      const auto d = target.deviation(x.data(), y.data(), n);
      EXPECT_EQ(bits(d.xx), bits(deviation.xx));
      EXPECT_EQ(bits(d.yy), bits(deviation.yy));
      EXPECT_EQ(bits(d.xy), bits(deviation.xy));
      EXPECT_EQ(bits(d.noise), bits(deviation.noise));
    }
  }
}

TEST(RowKernels, ExponentialsAreWithinTheStatedError) {
  std::vector<float> x = {0};
  for (float v = -1e-6f; v > -64; v *= 1.0001f) x.push_back(v);
  for (const RowKernels& target : row_kernels()) {
    std::vector<float> e(x.size());
    const SoftmaxSums sums = target.softmax(x.data(), x.size(), e.data());
    EXPECT_EQ(sums.max, 0);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = std::exp(double{x[i]});
      worst = std::max(worst, std::fabs(double{e[i]} - exact) / exact);
    }
    EXPECT_LT(worst, 2e-7) << target.name;
    EXPECT_EQ(e[0], 1);
  }
}

TEST(RowKernels, ExponentialsOfFarClassesAreZeroAndOfNaNAreNaN) {
  const std::vector<float> x = {1, -63.5f, -100, -1e30f, -kInf, kNaN};
  for (const RowKernels& target : row_kernels()) {
    std::vector<float> e(x.size());
    const SoftmaxSums sums = target.softmax(x.data(), x.size(), e.data());
    EXPECT_EQ(sums.max, 1);
    EXPECT_TRUE(std::isnan(sums.sum));
    for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(e[i], 0) << x[i];
    EXPECT_TRUE(std::isnan(e[5]));
  }
}

}  // namespace
}  // namespace posittune::metrics
