// Against a plain twin in double, column after column, written from the equations in
// compensation.h: no blocks, no threads, the inverse by Gauss-Jordan.

#include "posittune/engine/compensation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "posittune/engine/covariance.h"
#include "posittune/quant/scale_rules.h"
#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using Square = std::vector<std::vector<double>>;

Square inverse(Square a) {
  const std::size_t n = a.size();
  Square b(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) b[i][i] = 1;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i; r < n; ++r) {
      if (std::fabs(a[r][i]) > std::fabs(a[pivot][i])) pivot = r;
    }
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    const double divisor = a[i][i];
    for (std::size_t k = 0; k < n; ++k) {
      a[i][k] /= divisor;
      b[i][k] /= divisor;
    }
    for (std::size_t r = 0; r < n; ++r) {
      const double factor = a[r][i];
      for (std::size_t k = 0; r != i && k < n; ++k) {
        a[r][k] -= factor * a[i][k];
        b[r][k] -= factor * b[i][k];
      }
    }
  }
  return b;
}

// a = u^T u, u upper.
Square upper_cholesky(const Square& a) {
  const std::size_t n = a.size();
  Square u(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < i; ++k) sum -= u[k][i] * u[k][j];
      u[i][j] = i == j ? std::sqrt(sum) : sum / u[i][i];
    }
  }
  return u;
}

std::vector<std::size_t> order_of(const std::vector<float>& s, std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return s[a * n + a] > s[b * n + b]; });
  return order;
}

struct Twin {
  std::vector<double> adjusted;
  std::vector<float> rounded;
};

float scale_at(const RowRun& rows, std::size_t r, std::size_t column, std::size_t group,
               std::size_t cols) {
  if (rows.scales.size() == 1) return rows.scales[0];
  const std::size_t groups = group == 0 ? 1 : (cols + group - 1) / group;
  return rows.scales[r * groups + (group == 0 ? 0 : column / group)];
}

Twin twin(const std::vector<float>& w, std::size_t cols, const std::vector<RowRun>& runs,
          std::size_t group, const std::vector<float>& s) {
  const auto order = order_of(s, cols);
  double trace = 0;
  for (std::size_t i = 0; i < cols; ++i) trace += s[i * cols + i];
  Square h(cols, std::vector<double>(cols));
  for (std::size_t i = 0; i < cols; ++i) {
    for (std::size_t j = 0; j < cols; ++j) h[i][j] = s[order[i] * cols + order[j]];
    h[i][i] += 0.2 * trace / static_cast<double>(cols);
  }
  const Square u = upper_cholesky(inverse(h));
  Twin result{{w.begin(), w.end()}, w};
  for (const RowRun& run : runs) {
    for (std::size_t r = 0; r < run.count; ++r) {
      double* row = result.adjusted.data() + (run.first + r) * cols;
      for (std::size_t j = 0; j < cols; ++j) {
        const float scale = scale_at(run, r, order[j], group, cols);
        const float q = test::quantized(run.format, static_cast<float>(row[order[j]]), scale);
        result.rounded[(run.first + r) * cols + order[j]] = q;
        const double error = (row[order[j]] - q) / u[j][j];
        for (std::size_t k = j + 1; k < cols; ++k) row[order[k]] -= error * u[j][k];
      }
      const float* exact = w.data() + (run.first + r) * cols;
      float* rounded = result.rounded.data() + (run.first + r) * cols;
      for (std::size_t step = 0; step < kSweeps * cols; ++step) {
        const std::size_t j = step % cols;
        double pull = 0;
        for (std::size_t k = 0; k < cols; ++k)
          pull += k == j ? 0 : (double{exact[order[k]]} - rounded[order[k]]) * h[j][k];
        row[order[j]] = exact[order[j]] + pull / h[j][j];
        rounded[order[j]] = test::quantized(run.format, static_cast<float>(row[order[j]]),
                                            scale_at(run, r, order[j], group, cols));
      }
    }
  }
  return result;
}

// Of columns that are mixtures of few others: columns * noise independent parts.
std::vector<float> covariance(std::size_t cols, unsigned seed, double noise = 0.3) {
  const std::size_t tokens = 3 * cols, parts = std::max<std::size_t>(1, cols / 4);
  const auto mixing = test::normal(cols * parts, 1, seed),
             sources = test::normal(tokens * parts, 1, seed + 1),
             own = test::normal(tokens * cols, static_cast<float>(noise), seed + 2);
  std::vector<float> x(tokens * cols);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < cols; ++c) {
      float sum = own[t * cols + c];
      for (std::size_t p = 0; p < parts; ++p) sum += mixing[c * parts + p] * sources[t * parts + p];
      x[t * cols + c] = sum * (1 + 0.1F * static_cast<float>(c * 7 % 5));
    }
  }
  InputCovariance sums(cols, true);
  sums.add(x, {tokens, cols}, 2);
  return sums.mean();
}

RowRun run(std::size_t first, std::size_t count, const std::string& format,
           std::vector<float> scales) {
  return {first, count, test::format(format), std::move(scales)};
}

std::vector<float> per_row(std::size_t count, float from, float factor) {
  std::vector<float> scales(count);
  for (float& scale : scales) {
    scale = from;
    from *= factor;
  }
  return scales;
}

struct Layout {
  const char* name;
  std::vector<RowRun> rows;
  std::size_t group = 0;
};

constexpr std::size_t kRows = 41;

std::vector<Layout> layouts(std::size_t cols) {
  const std::size_t group = 12, groups = (cols + group - 1) / group;
  return {{"tensor", {run(0, kRows, "posit<4,1>", {1.0F})}, 0},
          {"tensor int", {run(0, kRows, "int4", {2.3F})}, 0},
          {"channel", {run(0, kRows, "posit<6,1>", per_row(kRows, 0.7F, 1.02F))}, 0},
          {"channel int3", {run(0, kRows, "int3", per_row(kRows, 1.1F, 1.01F))}, 0},
          {"group", {run(0, kRows, "fp4_e2m1", per_row(kRows * groups, 1.7F, 1.001F))}, group},
          {"rows that choose",
           {run(0, 1, "posit<5,0>", {1.0F}), run(1, 2, "int5", {3.0F, 3.3F}),
            run(3, 7, "posit<5,2>", per_row(7, 0.9F, 1.1F)),
            run(10, 5, "posit<5,0>", per_row(5, 1.1F, 1.2F)),
            run(15, 26, "int5", per_row(26, 4, 0.99F))},
           0},
          {"windows",
           {run(0, 20, "posit<8,1>", {1.5F}), run(20, 1, "int2", {1.0F}),
            run(21, 20, "posit<4,0>", {1.0F})},
           0}};
}

TEST(Compensation, EqualsThePlainTwin) {
  for (const std::size_t cols : {1u, 2u, 17u, 70u, 150u}) {  // 150: two blocks
    const auto s = covariance(cols, 1);
    const auto w = test::normal(kRows * cols, 1, 9);
    const auto factor = make_compensation_factor(s, cols, 2);
    ASSERT_TRUE(factor);
    EXPECT_EQ(factor->damping, 0.2);
    for (const Layout& layout : layouts(cols)) {
      SCOPED_TRACE(std::to_string(cols) + " " + layout.name);
      const auto got = compensate(w, {kRows, cols}, layout.rows, layout.group, *factor, 2);
      ASSERT_TRUE(got.ok()) << got.error().message();
      const Twin expected = twin(w, cols, layout.rows, layout.group, s);
      for (const RowRun& rows : layout.rows) {
        const std::size_t at = rows.first * cols, size = rows.count * cols;
        std::vector<float> rounded(size);
        ASSERT_TRUE(kernels::quantize(rows.format, std::span(*got).subspan(at, size),
                                      {rows.count, cols}, {rows.scales, layout.group}, rounded)
                        .ok());
        for (std::size_t i = 0; i < size; ++i) {
          // Weights of size 1 and as many float operations as there are columns, 2^-24 each; a
          // value at the middle of two grid points could go either way, and none of these is.
          ASSERT_NEAR((*got)[at + i], expected.adjusted[at + i], 1e-4) << i;
          ASSERT_EQ(rounded[i], expected.rounded[at + i]) << i;
        }
      }
    }
  }
}

TEST(Compensation, ThreadsDoNotMatter) {
  const std::size_t cols = 300, rows = 150;
  const auto s = covariance(cols, 3);
  const auto w = test::normal(rows * cols, 1, 4);
  const auto one = make_compensation_factor(s, cols, 1),
             four = make_compensation_factor(s, cols, 4);
  ASSERT_TRUE(one && four);
  EXPECT_EQ(one->coefficients, four->coefficients);
  const std::vector<RowRun> runs = {run(0, 70, "posit<4,1>", per_row(70, 1, 1.01F)),
                                    run(70, 80, "int4", {2.0F})};
  const auto first = compensate(w, {rows, cols}, runs, 0, *one, 1);
  for (const int threads : {2, 3, 4, 0}) {
    EXPECT_EQ(compensate(w, {rows, cols}, runs, 0, *one, threads).value(), first.value())
        << threads;
  }
}

double error_of(const std::vector<float>& w, const std::vector<float>& from, std::size_t cols,
                const RowRun& rows, const std::vector<float>& s) {
  std::vector<float> q(w.size());
  EXPECT_TRUE(kernels::quantize(rows.format, from, {rows.count, cols}, {rows.scales, 0}, q).ok());
  double sum = 0;
  for (std::size_t r = 0; r < rows.count; ++r) {
    for (std::size_t i = 0; i < cols; ++i) {
      const double d = double{q[r * cols + i]} - w[r * cols + i];
      for (std::size_t j = 0; j < cols; ++j)
        sum += d * s[i * cols + j] * (double{q[r * cols + j]} - w[r * cols + j]);
    }
  }
  return sum;
}

TEST(Compensation, LowersTheErrorAtTheOutput) {
  constexpr std::size_t kCols = 64;
  const auto s = covariance(kCols, 5);
  const auto w = test::normal(kRows * kCols, 0.1F, 6);
  const auto factor = make_compensation_factor(s, kCols, 2);
  for (const char* name : {"posit<4,0>", "posit<4,1>", "int4", "int3", "fp4_e2m1", "posit<8,1>"}) {
    for (const auto rule :
         {quant::ScaleRule::kRmsPow2, quant::ScaleRule::kMse, quant::ScaleRule::kAbsmax}) {
      const auto format = test::format(name);
      const RowRun rows{0, kRows, format,
                        quant::choose_scales(format, rule, w, {kRows, kCols}, true).value()};
      const auto adjusted = compensate(w, {kRows, kCols}, std::vector{rows}, 0, *factor, 2);
      ASSERT_TRUE(adjusted.ok());
      EXPECT_LT(error_of(w, *adjusted, kCols, rows, s), 0.7 * error_of(w, w, kCols, rows, s))
          << name;
    }
  }
}

TEST(Compensation, ColumnsThatDoNotMeetStayAsTheyAre) {
  constexpr std::size_t kCols = 33;
  std::vector<float> s(kCols * kCols, 0);
  for (std::size_t i = 0; i < kCols; ++i) s[i * kCols + i] = 1 + static_cast<float>(i % 3);
  const auto w = test::normal(kRows * kCols, 1, 7);
  const auto factor = make_compensation_factor(s, kCols, 2);
  EXPECT_EQ(compensate(w, {kRows, kCols}, std::vector{run(0, kRows, "int4", {1.0F})}, 0, *factor, 2)
                .value(),
            w);
}

TEST(Compensation, RowsThatAreNotCompensated) {
  constexpr std::size_t kCols = 40;
  const auto factor = make_compensation_factor(covariance(kCols, 8), kCols, 2);
  const auto w = test::normal(kRows * kCols, 1, 9);
  const std::vector<RowRun> rows = {run(0, 5, "fp32", {1.0F}), run(5, 5, "int4", {1.0F}),
                                    run(10, 5, "mxfp4", {1.0F})};
  const auto got = compensate(w, {kRows, kCols}, rows, 0, *factor, 2).value();
  for (std::size_t i = 0; i < w.size(); ++i) {
    const bool may = i / kCols >= 5 && i / kCols < 10;
    if (!may) {
      EXPECT_EQ(got[i], w[i]) << i / kCols;
    }
  }
  EXPECT_NE(got, w);
  EXPECT_EQ(compensate(w, {kRows, kCols}, {}, 0, *factor, 2).value(), w);
  EXPECT_EQ(compensate(w, {kRows, kCols}, std::vector{rows[0]}, 0, *factor, 2).value(), w);
}

TEST(CompensationFactor, OrderAndShape) {
  const std::vector<float> s = {1, 0, 0, 0, 3, 0, 0, 0, 3};
  const auto factor = make_compensation_factor(s, 3, 2);
  ASSERT_TRUE(factor);
  EXPECT_EQ(factor->order, (std::vector<std::uint32_t>{1, 2, 0}));
  const auto full = make_compensation_factor(covariance(90, 1), 90, 2);
  for (std::size_t k = 0; k < 90; ++k) {
    for (std::size_t j = k; j < 90; ++j) EXPECT_EQ(full->coefficients[k * 90 + j], 0);
  }
}

TEST(CompensationFactor, DampingGrowsUntilItIsEnough) {
  // Eigenvalues 1 - c and 1 + c, to which damping is added.
  const auto of = [](float c) {
    return make_compensation_factor(std::vector<float>{1, c, c, 1}, 2, 1);
  };
  EXPECT_EQ(of(1)->damping, 0.2);
  EXPECT_EQ(of(1.1F)->damping, 0.2);
  EXPECT_EQ(of(1.5F)->damping, 2);
  EXPECT_EQ(of(2.5F)->damping, 2);
  EXPECT_FALSE(of(3.5F));
}

TEST(CompensationFactor, NothingToGoBy) {
  EXPECT_FALSE(make_compensation_factor({}, 0, 1));
  EXPECT_FALSE(make_compensation_factor(std::vector<float>(9, 0), 3, 1));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_FALSE(make_compensation_factor(std::vector<float>{1, bad, bad, 1}, 2, 1));
    EXPECT_FALSE(make_compensation_factor(std::vector<float>{bad, 0, 0, 1}, 2, 1));
  }
}

// Fewer tokens than columns, and inputs that are always 0.
TEST(CompensationFactor, RankDeficient) {
  std::vector<float> s(100, 0);
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) s[i * 10 + j] = 1;
  }
  const auto factor = make_compensation_factor(s, 10, 2);
  ASSERT_TRUE(factor);
  const auto w = test::normal(50, 1, 3);
  const auto got = compensate(w, {5, 10}, std::vector{run(0, 5, "int4", {1.0F})}, 0, *factor, 2);
  ASSERT_TRUE(got.ok());
  for (const float value : *got) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace posittune::engine
