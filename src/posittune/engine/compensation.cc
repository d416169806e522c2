#include "posittune/engine/compensation.h"

#include <algorithm>
#include <atomic>

#include "posittune/base/threads.h"
#include "posittune/engine/gemm.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kBlock =
    128;  // columns whose errors reach each other one by one; the rest by a product
constexpr std::size_t kLane = 32;  // rows at a time, in registers

// Rows of one format, as they stand in the turned matrix.
struct Run {
  formats::Format format;
  std::size_t first = 0, count = 0;
};

// column -= sum over i < count of factors[i] * errors[i * stride], each of `rows` entries.
[[gnu::always_inline]] inline void take_over_here(float* column, const float* errors,
                                                  std::size_t stride, const float* factors,
                                                  std::size_t count, std::size_t rows) {
  std::size_t r = 0;
  for (; r + kLane <= rows; r += kLane) {
    float sum[kLane];
    for (std::size_t l = 0; l < kLane; ++l) sum[l] = column[r + l];
    for (std::size_t i = 0; i < count; ++i) {
      const float* error = errors + i * stride + r;
      for (std::size_t l = 0; l < kLane; ++l) sum[l] -= factors[i] * error[l];
    }
    for (std::size_t l = 0; l < kLane; ++l) column[r + l] = sum[l];
  }
  for (; r < rows; ++r) {
    for (std::size_t i = 0; i < count; ++i) column[r] -= factors[i] * errors[i * stride + r];
  }
}

void take_over_plain(float* column, const float* errors, std::size_t stride, const float* factors,
                     std::size_t count, std::size_t rows) {
  take_over_here(column, errors, stride, factors, count, rows);
}

// No operation is contracted, so the bits are those of the baseline.
[[gnu::target("avx2")]] void take_over_avx2(float* column, const float* errors, std::size_t stride,
                                            const float* factors, std::size_t count,
                                            std::size_t rows) {
  take_over_here(column, errors, stride, factors, count, rows);
}

// The matrix turned: a column's values for all rows lie side by side, columns in the order in which
// they are rounded, rows of one format next to each other.
class Turned {
 public:
  Turned(std::span<const float> weights, kernels::Shape shape, std::span<const RowRun> runs,
         std::size_t group, const CompensationFactor& factor, int threads)
      : factor_(factor),
        cols_(shape.cols),
        group_(group == 0 ? shape.cols : group),
        threads_(threads) {
    place_rows(runs);
    values_.resize(cols_ * count());
    errors_.resize(cols_ * count());
    for_elements([&](std::size_t here, std::size_t there) { values_[here] = weights[there]; });
    exact_ = values_;
  }

  std::size_t count() const { return rows_.size(); }

  Status round() {
    std::vector<float> taken, product;
    for (std::size_t first = 0; first < cols_; first += kBlock) {
      const std::size_t some = std::min(kBlock, cols_ - first);
      taken.resize(some * first);
      product.resize(some * count());
      for (std::size_t j = 0; j < some; ++j) {
        std::copy_n(factor_.coefficients.data() + (first + j) * cols_, first,
                    taken.data() + j * first);
      }
      gemm_fp32_plain({some, count(), first}, taken.data(), errors_.data(), product.data(),
                      threads_);
      if (const Status done = round_block(first, some, product); !done) return done;
    }
    for (std::size_t i = 0; i < errors_.size(); ++i) errors_[i] += exact_[i] - values_[i];
    return success();
  }

  // All columns once more. errors_ are those of the exact weights from here on.
  Status sweep() {
    std::vector<float> taken, product;
    for (std::size_t first = 0; first < cols_; first += kBlock) {
      const std::size_t some = std::min(kBlock, cols_ - first);
      taken.assign(some * cols_, 0);
      product.resize(some * count());
      for (std::size_t j = 0; j < some; ++j) {
        const auto row =
            factor_.row_ratios.begin() + static_cast<std::ptrdiff_t>((first + j) * cols_);
        std::copy(row, row + static_cast<std::ptrdiff_t>(cols_),
                  taken.begin() + static_cast<std::ptrdiff_t>(j * cols_));
        std::fill_n(taken.begin() + static_cast<std::ptrdiff_t>(j * cols_ + first), some, 0.0F);
      }
      gemm_fp32_plain({some, count(), cols_}, taken.data(), errors_.data(), product.data(),
                      threads_);
      if (const Status done = sweep_block(first, some, product); !done) return done;
    }
    return success();
  }

  // Back into a row-major matrix.
  void write(std::vector<float>& matrix) const {
    for_elements([&](std::size_t here, std::size_t there) { matrix[there] = values_[here]; });
  }

 private:
  // body(index here, index in the row-major matrix), some rows at a time: a line of the cache here.
  template <class Body>
  void for_elements(const Body& body) const {
    constexpr std::size_t kRows = 16;
    parallel_for((count() + kRows - 1) / kRows, threads_, [&](std::size_t task) {
      for (std::size_t j = 0; j < cols_; ++j) {
        for (std::size_t r = task * kRows; r < std::min(count(), (task + 1) * kRows); ++r) {
          body(j * count() + r, rows_[r] * cols_ + factor_.order[j]);
        }
      }
    });
  }

  void place_rows(std::span<const RowRun> runs) {
    std::vector<const RowRun*> sorted;
    for (const RowRun& run : runs) {
      if (run.format.block == 0 && formats::plain(run.format) != formats::fp32())
        sorted.push_back(&run);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const RowRun* a, const RowRun* b) { return a->format < b->format; });
    for (const RowRun* run : sorted) {
      if (runs_.empty() || runs_.back().format != run->format)
        runs_.push_back({run->format, rows_.size(), 0});
      runs_.back().count += run->count;
      for (std::size_t r = 0; r < run->count; ++r) rows_.push_back(run->first + r);
    }
    const std::size_t groups = (cols_ + group_ - 1) / group_;
    scales_.resize(groups * count());
    std::size_t at = 0;
    for (const RowRun* run : sorted) {
      const std::size_t given = run->scales.size() / run->count;  // for each row; 0: one for all
      for (std::size_t r = 0; r < run->count; ++r, ++at) {
        for (std::size_t g = 0; g < groups; ++g) {
          scales_[g * count() + at] =
              run->scales.size() == 1 ? run->scales[0] : run->scales[r * given + g];
        }
      }
    }
    unscales_.resize(scales_.size());
    std::transform(scales_.begin(), scales_.end(), unscales_.begin(),
                   [](float s) { return 1.0F / s; });
  }

  // body(from, rows) gives false on failure. Rows do not meet, so that their shares may follow the
  // number of threads.
  template <class Body>
  Status for_rows(const Body& body) {
    const std::size_t shares = threads_ > 0 ? static_cast<std::size_t>(threads_) : 8;
    const std::size_t step =
        std::clamp((count() + shares - 1) / shares, std::size_t{1}, std::size_t{512});
    std::atomic<bool> failed = false;
    parallel_for((count() + step - 1) / step, threads_, [&](std::size_t share) {
      const std::size_t from = share * step, rows = std::min(step, count() - from);
      if (!body(from, rows)) failed = true;
    });
    if (!failed) return success();
    return Error{.kind = ErrorKind::kInternal, .what = "a column could not be rounded"};
  }

  // Columns [first, first + some); `product`: what they take over of all columns before.
  Status round_block(std::size_t first, std::size_t some, const std::vector<float>& product) {
    return for_rows([&](std::size_t from, std::size_t rows) {
      std::vector<float> scaled(rows);
      bool good = true;
      for (std::size_t j = 0; j < some; ++j) {
        float* column = values_.data() + (first + j) * count() + from;
        for (std::size_t r = 0; r < rows; ++r) column[r] -= product[j * count() + from + r];
        take_over(column, first, factor_.coefficients.data() + (first + j) * cols_ + first, j, from,
                  rows);
        good = round_column(first + j, from, rows, column, scaled) && good;
      }
      return good;
    });
  }

  // Sweeps the columns of a block, given the products with the errors of the columns outside of it.
  Status sweep_block(std::size_t first, std::size_t some, const std::vector<float>& product) {
    return for_rows([&](std::size_t from, std::size_t rows) {
      std::vector<float> scaled(rows), pulled(rows);
      bool good = true;
      for (std::size_t j = 0; j < some; ++j) {
        const std::size_t at = (first + j) * count() + from;
        std::fill(pulled.begin(), pulled.end(), 0.0F);
        take_over(pulled.data(), first, factor_.row_ratios.data() + (first + j) * cols_ + first,
                  some, from, rows);
        for (std::size_t r = 0; r < rows; ++r)
          values_[at + r] = exact_[at + r] + (product[j * count() + from + r] - pulled[r]);
        good = round_column(first + j, from, rows, exact_.data() + at, scaled) && good;
      }
      return good;
    });
  }

  // column -= factors[i] * errors of column first + i, over i < some.
  void take_over(float* column, std::size_t first, const float* factors, std::size_t some,
                 std::size_t from, std::size_t rows) const {
    static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
    (avx2 ? take_over_avx2 : take_over_plain)(column, errors_.data() + first * count() + from,
                                              count(), factors, some, rows);
  }

  // The products are those of kernels::quantize with the row's scale. Errors are what `wanted` has
  // more.
  bool round_column(std::size_t j, std::size_t from, std::size_t rows, const float* wanted,
                    std::vector<float>& scaled) {
    const float* column = values_.data() + j * count() + from;
    const std::size_t scale = factor_.order[j] / group_ * count() + from;
    for (std::size_t r = 0; r < rows; ++r) scaled[r] = column[r] * scales_[scale + r];
    constexpr float kOne[1] = {1.0F};
    bool good = true;
    for (const Run& run : runs_) {
      const std::size_t begin = std::max(run.first, from),
                        end = std::min(run.first + run.count, from + rows);
      if (begin >= end) continue;
      const std::span<float> part(scaled.data() + (begin - from), end - begin);
      good = kernels::quantize(run.format, part, {1, part.size()}, {kOne}, part, {1}).ok() && good;
    }
    float* error = errors_.data() + j * count() + from;
    for (std::size_t r = 0; r < rows; ++r) error[r] = wanted[r] - scaled[r] * unscales_[scale + r];
    return good;
  }

  const CompensationFactor& factor_;
  std::size_t cols_, group_;
  int threads_;
  std::vector<std::size_t> rows_;  // of the matrix, as they stand here
  std::vector<Run> runs_;
  std::vector<float> scales_, unscales_;        // groups x rows
  std::vector<float> exact_, values_, errors_;  // cols x rows
};

}  // namespace

Result<std::vector<float>> compensate(std::span<const float> weights, kernels::Shape shape,
                                      std::span<const RowRun> rows, std::size_t group,
                                      const CompensationFactor& factor, int threads) {
  std::vector<float> adjusted(weights.begin(), weights.end());
  Turned turned(weights, shape, rows, group, factor, threads);
  if (turned.count() == 0 || shape.cols == 0) return adjusted;
  if (const Status done = turned.round(); !done) return done.error();
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    if (const Status done = turned.sweep(); !done) return done.error();
  }
  turned.write(adjusted);
  return adjusted;
}

}  // namespace posittune::engine
