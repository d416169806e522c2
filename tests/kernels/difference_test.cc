// What difference() counts, by hand and for every number of threads.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "posittune/kernels/statistics.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

std::string show(const Difference& d) {
  return show_bits(d.count) + show_bits(d.nonfinite) + show_bits(d.saturated) +
         show_bits(d.to_zero) + show_bits(d.signal) + show_bits(d.noise) + show_bits(d.max_error);
}

TEST(Difference, CountsWhatRoundingDid) {
  const Format int4 = formats::integer(4);
  const std::vector<float> scale = {2.0f};
  // x * 2:                      0  0.2   1   7     7.2   -8   NaN  inf      0
  const std::vector<float> x = {0, 0.1f, 0.5f, 3.5f, 3.6f, -4, NAN, INFINITY, -0.0f};
  std::vector<float> y(x.size());
  ASSERT_TRUE(quantize(int4, x, {1, 9}, {.values = scale}, y).ok());
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto d = difference(int4, x, y, {1, 9}, {.values = scale}, options);
    ASSERT_TRUE(d.ok());
    EXPECT_EQ(d->count, 9u) << where;
    EXPECT_EQ(d->nonfinite, 2u) << where;
    EXPECT_EQ(d->saturated, 2u) << where;
    EXPECT_EQ(d->to_zero, 1u) << where;
    EXPECT_FLOAT_EQ(d->max_error, 0.5f) << where;
    EXPECT_NEAR(d->noise, 0.01 + 0.01 + 0.25, 1e-6) << where;
    EXPECT_NEAR(d->signal, 0.01 + 0.25 + 12.25 + 12.96 + 16, 1e-5) << where;
    EXPECT_DOUBLE_EQ(d->sqnr_db(), 10 * std::log10(d->signal / d->noise)) << where;
  });
  EXPECT_EQ(Difference{}.sqnr_db(), std::numeric_limits<double>::infinity());
}

// Saturation in a block: above the largest value under the shared exponent.
TEST(Difference, SaturationOfBlocks) {
  const Format mxfp4 = formats::parse_format("mxfp4").value();  // largest 6, emax 2
  const std::vector<float> one = {1.0f};
  std::vector<float> x(40, 1.0f);
  x[3] = 7.0f;    // shared exponent 0: 7 is above 6
  x[35] = 6.0f;   // the second block
  x[36] = 100.f;  // its exponent is 4: 100 is above 96
  std::vector<float> y(x.size());
  ASSERT_TRUE(quantize(mxfp4, x, {1, 40}, {.values = one}, y).ok());
  const auto d = difference(mxfp4, x, y, {1, 40}, {.values = one});
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->saturated, 2u);
}

TEST(Difference, SameForEveryNumberOfThreadsAndMerges) {
  Random random(44);
  const Shape shape{30, 7000};
  const std::vector<float> x = tensor_like(shape.size(), random);
  const std::vector<float> scales(shape.rows, 0.7f);
  const Format format = formats::posit(8, 1);
  std::vector<float> y(x.size());
  ASSERT_TRUE(quantize(format, x, shape, {.values = scales}, y).ok());
  std::string first;
  for_targets_and_threads([&](Options options, const std::string& where) {
    const auto d = difference(format, x, y, shape, {.values = scales}, options);
    ASSERT_TRUE(d.ok());
    if (first.empty()) first = show(*d);
    ASSERT_EQ(show(*d), first) << where;
  });
  Difference rows;
  long double noise = 0;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const auto at = row * shape.cols;
    const auto in = std::span(x).subspan(at, shape.cols);
    const auto out = std::span(y).subspan(at, shape.cols);
    rows.merge(
        *difference(format, in, out, {1, shape.cols}, {.values = std::span(scales).first(1)}));
    for (std::size_t i = 0; i < shape.cols; ++i) {
      const long double e = static_cast<long double>(out[i]) - in[i];
      if (std::isfinite(in[i])) noise += e * e;
    }
  }
  // Row sums added up are another order of adding than the whole array's: counts are equal, and
  // sums of 210 000 positive terms in double differ by at most 2^-53 of the sum for each term.
  const Difference whole = *difference(format, x, y, shape, {.values = scales});
  EXPECT_EQ(rows.count, whole.count);
  EXPECT_EQ(rows.nonfinite, whole.nonfinite);
  EXPECT_EQ(rows.saturated, whole.saturated);
  EXPECT_EQ(rows.to_zero, whole.to_zero);
  EXPECT_EQ(rows.overflowed, whole.overflowed);
  EXPECT_EQ(rows.max_error, whole.max_error);
  EXPECT_NEAR(rows.signal, whole.signal, 3e-11 * whole.signal);
  EXPECT_NEAR(rows.noise, whole.noise, 3e-11 * whole.noise);
  EXPECT_NEAR(rows.noise, static_cast<double>(noise), 3e-11 * rows.noise);
}

}  // namespace
}  // namespace posittune::kernels
