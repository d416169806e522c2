// Statistics of arrays against sums in long double, on every target and for several numbers of
// threads.

#include "posittune/kernels/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "posittune/formats/codec.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

// All terms are positive, so a sum of n doubles is wrong by at most n * 2^-53 of itself; one of
// 200 000 by 2.3e-11. Rounding errors are random, so the true figure is far smaller.
constexpr double kTolerance = 3e-11;

void expect_near(double found, long double expected, const std::string& where) {
  const auto wanted = static_cast<double>(expected);
  if (std::isinf(wanted)) {
    EXPECT_EQ(found, wanted) << where;
  } else {
    EXPECT_NEAR(found, wanted, kTolerance * wanted) << where;
  }
}

std::string show(const Statistics& s) {
  return show_bits(s.count) + show_bits(s.zeros) + show_bits(s.nonfinite) + show_bits(s.absmax) +
         show_bits(s.sum_abs) + show_bits(s.sum_squares);
}

TEST(Statistics, RowsAreTheSumsOfTheirElements) {
  Random random(40);
  for (const Shape shape :
       {Shape{1, 1}, Shape{3, 70}, Shape{2, 4097}, Shape{700, 33}, Shape{1, 100'003}}) {
    const std::vector<float> x = tensor_like(shape.size(), random);
    std::vector<std::string> first;
    for_targets_and_threads([&](Options options, const std::string& where) {
      const auto rows = row_statistics(x, shape, options);
      ASSERT_TRUE(rows.ok());
      ASSERT_EQ(rows->size(), shape.rows);
      for (std::size_t row = 0; row < shape.rows; ++row) {
        const Statistics& s = (*rows)[row];
        if (first.size() == row) {
          first.push_back(show(s));
          long double sum_abs = 0, sum_squares = 0;
          std::uint64_t zeros = 0, nonfinite = 0;
          float absmax = 0;
          for (std::size_t col = 0; col < shape.cols; ++col) {
            const float v = x[row * shape.cols + col];
            nonfinite += std::isfinite(v) ? 0 : 1;
            if (!std::isfinite(v)) continue;
            zeros += v == 0 ? 1 : 0;
            absmax = std::max(absmax, std::fabs(v));
            sum_abs += std::fabs(v);
            sum_squares += static_cast<long double>(v) * v;
          }
          ASSERT_EQ(s.count, shape.cols);
          ASSERT_EQ(s.zeros, zeros);
          ASSERT_EQ(s.nonfinite, nonfinite);
          ASSERT_EQ(s.finite(), shape.cols - nonfinite);
          ASSERT_EQ(s.absmax, absmax);
          expect_near(s.sum_abs, sum_abs, where);
          expect_near(s.sum_squares, sum_squares, where);
          const auto n = static_cast<double>(s.finite());
          ASSERT_EQ(s.mean_abs(), n == 0 ? 0 : s.sum_abs / n);
          ASSERT_EQ(s.rms(), n == 0 ? 0 : std::sqrt(s.sum_squares / n));
        }
        ASSERT_EQ(show(s), first[row]) << where << " row " << row;
      }
    });
  }
}

TEST(Statistics, WithoutAFiniteElementAllIsZero) {
  const std::vector<float> x = {NAN, INFINITY, -INFINITY, -NAN};
  for (const auto& part : {std::span<const float>{}, std::span<const float>(x)}) {
    const auto s = statistics(part);
    ASSERT_TRUE(s.ok());
    EXPECT_EQ(s->count, part.size());
    EXPECT_EQ(s->nonfinite, part.size());
    EXPECT_EQ(s->mean_abs(), 0);
    EXPECT_EQ(s->rms(), 0);
    EXPECT_EQ(s->absmax, 0);
  }
  EXPECT_EQ(row_statistics({}, {0, 5})->size(), 0u);
  EXPECT_EQ(row_statistics({}, {5, 0})->size(), 5u);
}

TEST(Statistics, MergeAddsUp) {
  Random random(41);
  const std::vector<float> x = tensor_like(1000, random);
  auto left = statistics(std::span(x).first(300)), right = statistics(std::span(x).subspan(300));
  const auto both = statistics(x);
  left->merge(*right);
  EXPECT_EQ(left->count, both->count);
  EXPECT_EQ(left->zeros, both->zeros);
  EXPECT_EQ(left->nonfinite, both->nonfinite);
  EXPECT_EQ(left->absmax, both->absmax);
  expect_near(left->sum_abs, both->sum_abs, "merged");
  expect_near(left->sum_squares, both->sum_squares, "merged");
}

TEST(Statistics, LengthsThatDoNotMatch) {
  const std::vector<float> x(10);
  EXPECT_EQ(row_statistics(x, {3, 3}).error().kind, ErrorKind::kInput);
  EXPECT_EQ(row_statistics(x, {0, 0}).error().kind, ErrorKind::kInput);
}

TEST(Histogram, BinsAreTheTopElevenBitsOfTheMagnitude) {
  Random random(42);
  std::vector<float> x = random_patterns(100'000, random);
  for (const float v : special_floats()) x.push_back(v);
  std::vector<std::uint64_t> expected(kHistogramBins);
  for (const float v : x) {
    std::size_t bin = kHistogramBins - 1;
    while (bin > 0 && !(std::fabs(v) >= histogram_edge(bin)) && !std::isnan(v)) --bin;
    if (std::isnan(v)) continue;
    if (std::isinf(v)) bin = 2040;  // the edges above it are NaN
    ++expected[bin];
  }
  std::uint64_t nans = 0;
  for (const float v : x) nans += std::isnan(v) ? 1 : 0;
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto bins = histogram(x, options);
    ASSERT_EQ(bins.size(), kHistogramBins);
    std::uint64_t found_nans = 0;
    for (std::size_t bin = 0; bin < kHistogramBins; ++bin) {
      if (bin >= 2040) {
        found_nans += bins[bin];
      } else {
        ASSERT_EQ(bins[bin], expected[bin]) << where << " bin " << bin;
      }
    }
    ASSERT_EQ(found_nans, nans + expected[2040]) << where;
  });
  EXPECT_EQ(histogram({}), std::vector<std::uint64_t>(kHistogramBins));
  EXPECT_EQ(histogram_edge(0), 0.0f);
  EXPECT_EQ(histogram_edge(127 * 8), 1.0f);
  EXPECT_EQ(histogram_edge(127 * 8 + 4), 1.5f);
}

// More than one task of a million elements.
TEST(Histogram, LargeArrays) {
  const std::vector<float> x(2'500'000, 1.5f);
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto bins = histogram(x, options);
    ASSERT_EQ(bins[127 * 8 + 4], x.size()) << where;
  });
}

// rounding_error is quantize, subtract, square, weigh, add for each candidate.
void check_rounding_error(const Format& format, Shape shape, bool weighted, bool shared,
                          Random& random) {
  const std::vector<float> x = tensor_like(shape.size(), random);
  std::vector<float> weights(weighted ? shape.cols : 0);
  for (float& w : weights) w = static_cast<float>(random() % 1000) / 64;
  const std::size_t k = 5;
  std::vector<float> candidates(shared ? k : shape.rows * k);
  for (float& c : candidates) {
    c = std::ldexp(1.0f + static_cast<float>(random() % 8) / 8, static_cast<int>(random() % 8) - 4);
  }
  std::vector<double> first;
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto errors = rounding_error(format, x, shape, weights, candidates, k, options);
    ASSERT_TRUE(errors.ok());
    ASSERT_EQ(errors->size(), shape.rows * k);
    if (!first.empty()) {
      ASSERT_EQ(mismatch<double>(first, *errors), "") << where << " " << formats::name(format);
      return;
    }
    first = *errors;
    for (std::size_t i = 0; i < errors->size(); ++i) {
      const std::size_t row = i / k;
      const std::vector<float> scale = {candidates[shared ? i % k : i]};
      const auto in = std::span(x).subspan(row * shape.cols, shape.cols);
      std::vector<float> y(shape.cols);
      ASSERT_TRUE(quantize(format, in, {1, shape.cols}, {.values = scale}, y).ok());
      long double sum = 0;
      for (std::size_t col = 0; col < shape.cols; ++col) {
        if (!std::isfinite(in[col])) continue;
        const long double e = y[col] - in[col];  // in float, as documented by the kernels
        sum += e * e * (weighted ? weights[col] : 1.0f);
      }
      expect_near((*errors)[i], sum, formats::name(format) + " candidate " + std::to_string(i));
    }
  });
}

TEST(RoundingError, IsQuantizeAndSumForEachCandidate) {
  Random random(43);
  for (const char* name : {"posit<8,1>", "int4", "fp8_e4m3", "mxfp4", "mxint8", "posit<16,4>ftz"}) {
    const Format format = formats::parse_format(name).value();
    for (const Shape shape : {Shape{1, 1}, Shape{4, 50}, Shape{3, 9000}}) {
      for (const bool weighted : {false, true}) {
        for (const bool shared : {false, true}) {
          ASSERT_NO_FATAL_FAILURE(check_rounding_error(format, shape, weighted, shared, random));
        }
      }
    }
  }
}

// What is below the limit, and the least of a list, has the bits of rounding_error(); the others
// are given up with a number above.
void check_errors_below(const Format& format, Shape shape, bool weighted, Random& random) {
  const std::vector<float> x = tensor_like(shape.size(), random);
  std::vector<float> weights(weighted ? shape.cols : 0);
  for (float& w : weights) w = static_cast<float>(random() % 1000) / 64;
  constexpr std::size_t k = 24;
  std::vector<float> scales(k);
  for (std::size_t j = 0; j < k; ++j)
    scales[j] = std::ldexp(1.0f, static_cast<int>(j * 7 % k) - static_cast<int>(k / 2));
  const auto whole = rounding_error(format, x, shape, weights, scales, k);
  ASSERT_TRUE(whole.ok());
  std::vector<double> limits(shape.rows, INFINITY);
  for (std::size_t row = 0; row < shape.rows; row += 2)
    limits[row] = (*whole)[row * k + random() % k];
  std::vector<std::vector<double>> first;
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto errors = rounding_errors_below(limits, format, x, shape, weights, {scales}, options);
    ASSERT_TRUE(errors.ok());
    if (first.empty()) first = *errors;
    ASSERT_EQ(*errors, first) << where << " " << formats::name(format);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      double limit = limits[row];
      for (std::size_t j = 0; j < k; ++j) {
        const double found = (*errors)[row][j], right = (*whole)[row * k + j];
        if (right <= limit) {
          ASSERT_EQ(found, right) << where << " " << formats::name(format);
        } else {
          ASSERT_GT(found, limit) << where << " " << formats::name(format);
          ASSERT_LE(found, right) << where << " " << formats::name(format);
        }
        limit = std::min(limit, right);
      }
    }
  });
}

TEST(RoundingError, BelowALimit) {
  Random random(44);
  for (const char* name : {"posit<8,1>", "int4", "fp8_e4m3", "mxfp4", "mxint8", "posit<16,2>"}) {
    const Format format = formats::parse_format(name).value();
    for (const Shape shape : {Shape{1, 1}, Shape{3, 31}, Shape{9, 200}, Shape{20, 700},
                              Shape{3, 4096}, Shape{3, 9000}}) {
      for (const bool weighted : {false, true})
        ASSERT_NO_FATAL_FAILURE(check_errors_below(format, shape, weighted, random));
    }
  }
  const std::vector<float> x(12, 1.0f);
  const std::vector<double> two(2, 1.0), three(3, 1.0);
  const Format format = formats::posit(8, 1);
  EXPECT_TRUE(rounding_errors_below(three, format, x, {3, 4}, {}, {{1.0f}}).ok());
  for (const auto& bad : {rounding_errors_below(two, format, x, {3, 4}, {}, {{1.0f}}),
                          rounding_errors_below(three, format, x, {3, 4}, {}, {{1.0f}, {1.0f}}),
                          rounding_errors_below(three, format, x, {3, 4}, {}, {{0.0f}})})
    EXPECT_EQ(bad.error().kind, ErrorKind::kInput);
  EXPECT_EQ(rounding_errors_below({}, format, {}, {0, 4}, {}, {{1.0f}})->size(), 0u);
  EXPECT_EQ(rounding_errors_below(two, format, {}, {2, 0}, {}, {{1.0f}})->back(),
            std::vector<double>{0});
}

TEST(RoundingError, BadArguments) {
  const std::vector<float> x(12, 1.0f), two = {1.0f, 2.0f};
  const Format format = formats::posit(8, 1);
  const auto fails = [&](std::vector<float> weights, std::vector<float> candidates, std::size_t k) {
    const auto errors = rounding_error(format, x, {3, 4}, weights, candidates, k);
    return !errors && errors.error().kind == ErrorKind::kInput;
  };
  EXPECT_TRUE(rounding_error(format, x, {3, 4}, {}, two, 2).ok());
  EXPECT_TRUE(fails({1, 2, 3}, two, 2));
  EXPECT_TRUE(fails({1, 2, 3, -1}, two, 2));
  EXPECT_TRUE(fails({1, 2, 3, NAN}, two, 2));
  EXPECT_TRUE(fails({1, 2, 3, INFINITY}, two, 2));
  EXPECT_TRUE(fails({}, {1, 2, 3}, 2));
  EXPECT_TRUE(fails({}, {1, 0}, 2));
  EXPECT_TRUE(fails({}, {1, NAN}, 2));
  EXPECT_FALSE(rounding_error(format, x, {3, 5}, {}, two, 2).ok());
  EXPECT_EQ(rounding_error(format, {}, {0, 4}, {}, two, 2)->size(), 0u);
  EXPECT_EQ(*rounding_error(format, {}, {2, 0}, {}, two, 2), std::vector<double>(4));
}

}  // namespace
}  // namespace posittune::kernels
