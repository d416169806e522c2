#include "posittune/engine/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "posittune/engine/settings.h"

namespace posittune::engine {
namespace {

std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

const std::vector<GemmSize> kSizes = {{1, 1, 1}, {3, 5, 7}, {1, 300, 64}, {129, 33, 200}, {200, 1100, 70}, {257, 3, 129}};

// Any order of a sum of k products errs by less than k * 2^-24 times the sum of their magnitudes.
TEST(Gemm, EqualsSumsInDoubles) {
  for (const GemmSize& size : kSizes) {
    const auto x = random_values(size.m * size.k, 1), w = random_values(size.n * size.k, 2);
    std::vector<float> wt(w.size());
    for (std::size_t j = 0; j < size.n; ++j) {
      for (std::size_t k = 0; k < size.k; ++k) wt[k * size.n + j] = w[j * size.k + k];
    }
    std::vector<float> y(size.m * size.n), plain(y.size()), exact(y.size());
    gemm_fp32(size, x.data(), w.data(), y.data(), 2);
    gemm_fp32_plain(size, x.data(), wt.data(), plain.data(), 2);
    gemm_exact(size, x.data(), w.data(), exact.data(), 2);
    for (std::size_t i = 0; i < size.m; ++i) {
      for (std::size_t j = 0; j < size.n; ++j) {
        double sum = 0, magnitude = 0;
        for (std::size_t k = 0; k < size.k; ++k) {
          const double product = static_cast<double>(x[i * size.k + k]) * w[j * size.k + k];
          sum += product;
          magnitude += std::abs(product);
        }
        const double tolerance = static_cast<double>(size.k) * 0x1p-24 * magnitude;
        ASSERT_NEAR(y[i * size.n + j], sum, tolerance);
        ASSERT_NEAR(plain[i * size.n + j], sum, tolerance);
        ASSERT_NEAR(exact[i * size.n + j], sum, 0x1p-24 * std::abs(sum) + 1e-13 * magnitude);
      }
    }
  }
}

TEST(Gemm, SameBitsForAllThreads) {
  for (const GemmSize& size : kSizes) {
    const auto x = random_values(size.m * size.k, 3), w = random_values(size.n * size.k, 4);
    std::vector<float> one(size.m * size.n), more(one.size());
    gemm_fp32(size, x.data(), w.data(), one.data(), 1);
    for (const int threads : {2, 3}) {
      gemm_fp32(size, x.data(), w.data(), more.data(), threads);
      ASSERT_EQ(one, more);
    }
  }
}

TEST(Paths, ChoiceFollowsFormats) {
  const auto posit8 = formats::posit(8, 1), posit16 = formats::posit(16, 1), int8 = formats::integer(8);
  const auto fp32 = quant::Accumulate::kFp32;
  EXPECT_EQ(choose_path(posit8, posit8, false, quant::Accumulate::kQuire), Path::kQuire);
  EXPECT_EQ(choose_path(posit8, std::nullopt, false, fp32), Path::kFp32);
  EXPECT_EQ(choose_path(posit16, posit8, false, fp32), Path::kFp32);
  EXPECT_EQ(choose_path(int8, int8, true, fp32), Path::kFp32);
  EXPECT_EQ(choose_path(posit8, posit8, false, fp32), path_works(Path::kBf16) ? Path::kBf16 : Path::kFp32);
  if (path_works(Path::kInt8)) {
    EXPECT_EQ(choose_path(int8, int8, false, fp32), Path::kInt8);
  }
}

// Products of int8 values with K = 200 stay below 2^22: exact in every path.
TEST(Paths, Int8GridIsExact) {
  if (!path_works(Path::kInt8)) GTEST_SKIP() << "no VNNI on this processor";
  const GemmSize size{33, 70, 200};
  std::vector<std::int8_t> x(size.m * size.k), w(size.n * size.k);
  std::mt19937 random(5);
  for (auto& value : x) value = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  for (auto& value : w) value = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  std::vector<float> y(size.m * size.n);
  const std::vector<float> half = {0.5F};
  ASSERT_TRUE(gemm_int8(size, x.data(), w.data(), y.data(), {half, half}, 2));
  for (std::size_t i = 0; i < size.m; ++i) {
    for (std::size_t j = 0; j < size.n; ++j) {
      int sum = 0;
      for (std::size_t k = 0; k < size.k; ++k) sum += x[i * size.k + k] * w[j * size.k + k];
      ASSERT_EQ(y[i * size.n + j], static_cast<float>(sum) * 0.25F);
    }
  }
}

}  // namespace
}  // namespace posittune::engine
