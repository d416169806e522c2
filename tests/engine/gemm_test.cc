#include "posittune/engine/gemm.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "posittune/engine/settings.h"
#include "tests/model/models.h"

namespace posittune::engine {
namespace {

// Odd sizes, more than one tile in each direction, and vectors.
const std::vector<GemmSize> kSizes = {{1, 1, 1},      {1, 300, 7},    {3, 5, 300},   {17, 19, 23},
                                      {129, 257, 63}, {300, 299, 65}, {5, 1025, 17}, {131, 1027, 9},
                                      {300, 1, 300},  {1, 3, 299}};

std::vector<float> transposed(const std::vector<float>& w, std::size_t n, std::size_t k) {
  std::vector<float> turned(w.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < k; ++j) turned[j * n + i] = w[i * k + j];
  }
  return turned;
}

struct Sum {
  double value = 0, magnitude = 0;
};
Sum plain_sum(const GemmSize& size, const float* x, const float* w, std::size_t i, std::size_t j) {
  Sum sum;
  for (std::size_t k = 0; k < size.k; ++k) {
    const double product = double{x[i * size.k + k]} * w[j * size.k + k];
    sum.value += product;
    sum.magnitude += std::fabs(product);
  }
  return sum;
}

// Each of k roundings of a sum in any order is at most 2^-24 of a partial sum,
// at most the sum of magnitudes.
void expect_sums(const GemmSize& size, const std::vector<float>& x, const std::vector<float>& w,
                 const std::vector<float>& y) {
  for (std::size_t i = 0; i < size.m; ++i) {
    for (std::size_t j = 0; j < size.n; ++j) {
      const Sum sum = plain_sum(size, x.data(), w.data(), i, j);
      ASSERT_NEAR(y[i * size.n + j], sum.value,
                  static_cast<double>(size.k + 1) * 0x1p-24 * sum.magnitude)
          << size.m << " x " << size.n << " x " << size.k << " at " << i << ", " << j;
    }
  }
}

TEST(Gemm, Fp32AgainstPlainLoops) {
  for (const GemmSize& size : kSizes) {
    const auto x = test::normal(size.m * size.k, 1, 1), w = test::normal(size.n * size.k, 1, 2);
    const auto turned = transposed(w, size.n, size.k);
    std::vector<float> one(size.m * size.n, NAN), plain(one.size(), NAN), layer(one.size(), NAN);
    gemm_fp32(size, x.data(), w.data(), one.data(), 1);
    gemm_fp32_plain(size, x.data(), turned.data(), plain.data(), 1);
    gemm_weight(size, x.data(), w.data(), layer.data(), 1);
    expect_sums(size, x, w, one);
    expect_sums(size, x, w, layer);
    expect_sums(size, x, w, plain);
    for (const int threads : {2, 3}) {
      std::vector<float> more(one.size(), NAN);
      gemm_fp32(size, x.data(), w.data(), more.data(), threads);
      EXPECT_EQ(more, one) << threads << " threads";
      gemm_weight(size, x.data(), w.data(), more.data(), threads);
      EXPECT_EQ(more, layer) << threads << " threads";
      gemm_fp32_plain(size, x.data(), turned.data(), more.data(), threads);
      EXPECT_EQ(more, plain) << threads << " threads";
    }
  }
}

TEST(Gemm, PackedWeightsGiveTheSameBits) {
  for (const GemmSize& size : std::vector<GemmSize>{{64, 300, 129},
                                                    {16, 130, 65},
                                                    {5, 7, 3},
                                                    {64, 768, 300},
                                                    {40, 128, 1},
                                                    {33, 1000, 1100},
                                                    {20, 70, 3000}}) {
    const auto w = test::normal(size.n * size.k, 1, 2);
    PackedWeight packed;
    EXPECT_EQ(packed.bytes(), 0U);
    // Other numbers of rows too, one of them of two tiles, before it is packed and after.
    for (const std::size_t rows :
         {size.m, std::size_t{1}, size.m, size.m, std::size_t{600}, std::size_t{1}, size.m + 1,
          std::size_t{15}, std::size_t{16}, std::size_t{17}}) {
      const auto x = test::normal(rows * size.k, 1, static_cast<unsigned>(rows));
      std::vector<float> plain(rows * size.n, NAN), y(plain.size(), NAN);
      gemm_weight({rows, size.n, size.k}, x.data(), w.data(), plain.data(), 1);
      gemm_weight({rows, size.n, size.k}, x.data(), w.data(), y.data(), 2, &packed);
      ASSERT_EQ(y, plain) << rows << " x " << size.n << " x " << size.k;
    }
    EXPECT_TRUE(packed.bytes() == 0 || packed.bytes() >= w.size() * sizeof(float));
  }
}

// Small integers over 2^10: sums are exact in double, and one rounding is left.
TEST(Gemm, ExactRoundsOnce) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> integers(-4000, 4000);
  for (const GemmSize& size :
       std::vector<GemmSize>{{1, 1, 1}, {7, 9, 300}, {31, 5, 101}, {2, 3, 1}}) {
    std::vector<float> x(size.m * size.k), w(size.n * size.k);
    for (float& value : x) value = static_cast<float>(integers(random)) * 0x1p-10F;
    for (float& value : w) value = static_cast<float>(integers(random));
    for (const int threads : {1, 2, 3}) {
      std::vector<float> y(size.m * size.n, NAN);
      gemm_exact(size, x.data(), w.data(), y.data(), threads);
      for (std::size_t i = 0; i < y.size(); ++i) {
        ASSERT_EQ(y[i], static_cast<float>(
                            plain_sum(size, x.data(), w.data(), i / size.n, i % size.n).value));
      }
    }
  }
}

TEST(Gemm, SumsOfNothingAreZero) {
  std::vector<float> y(6, NAN);
  gemm_fp32({2, 3, 0}, nullptr, nullptr, y.data(), 2);
  EXPECT_EQ(y, std::vector<float>(6, 0.0F));
  y.assign(6, NAN);
  gemm_fp32_plain({2, 3, 0}, nullptr, nullptr, y.data(), 2);
  EXPECT_EQ(y, std::vector<float>(6, 0.0F));
  y.assign(6, NAN);
  gemm_exact({2, 3, 0}, nullptr, nullptr, y.data(), 2);
  EXPECT_EQ(y, std::vector<float>(6, 0.0F));
  y.assign(6, NAN);
  gemm_weight({2, 3, 0}, nullptr, nullptr, y.data(), 2);
  EXPECT_EQ(y, std::vector<float>(6, 0.0F));
  gemm_weight({0, 3, 5}, nullptr, nullptr, nullptr, 2);
  gemm_weight({3, 0, 5}, nullptr, nullptr, nullptr, 2);
  gemm_fp32({0, 3, 5}, nullptr, nullptr, nullptr, 2);
  gemm_fp32({3, 0, 5}, nullptr, nullptr, nullptr, 2);
  gemm_exact({0, 3, 5}, nullptr, nullptr, nullptr, 2);
}

// Integers of `most` at most; with powers of two as unscales every step is
// exact while sums are below 2^24.
template <class T, class Encode, class Gemm>
void check_grid(Gemm gemm, int most, Encode encode) {
  std::mt19937 random(4);
  std::uniform_int_distribution<int> integers(-most, most);
  for (const GemmSize& size : kSizes) {
    std::vector<T> x(size.m * size.k), w(size.n * size.k);
    std::vector<float> xf(x.size()), wf(w.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = encode(xf[i] = static_cast<float>(integers(random)));
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = encode(wf[i] = static_cast<float>(integers(random)));
    for (const bool per_row : {false, true}) {
      std::vector<float> rows(per_row ? size.m : 1), cols(per_row ? size.n : 1);
      for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = std::ldexp(1.0F, static_cast<int>(i % 7) - 3);
      for (std::size_t j = 0; j < cols.size(); ++j)
        cols[j] = std::ldexp(1.0F, static_cast<int>(j % 5) - 2);
      for (const int threads : {1, 3}) {
        std::vector<float> y(size.m * size.n, NAN);
        ASSERT_TRUE(gemm(size, x.data(), w.data(), y.data(), Unscale{rows, cols}, threads));
        for (std::size_t i = 0; i < y.size(); ++i) {
          const std::size_t row = i / size.n, col = i % size.n;
          const double sum = plain_sum(size, xf.data(), wf.data(), row, col).value;
          ASSERT_EQ(y[i], sum * rows[per_row ? row : 0] * cols[per_row ? col : 0])
              << size.m << " x " << size.n << " x " << size.k;
        }
      }
    }
  }
}

TEST(Gemm, Int8IsExact) {
  if (!path_works(Path::kInt8))
    GTEST_SKIP() << "this processor has no AVX512-VNNI: the int8 path is not used";
  check_grid<std::int8_t>(gemm_int8, 127, [](float v) { return static_cast<std::int8_t>(v); });
}

TEST(Gemm, Bf16IsExactWhileSumsFit) {
  if (!path_works(Path::kBf16))
    GTEST_SKIP() << "this processor has no AVX512-BF16: the bf16 path is not used";
  check_grid<std::uint16_t>(gemm_bf16, 127, [](float v) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(v) >> 16);
  });
}

}  // namespace
}  // namespace posittune::engine
