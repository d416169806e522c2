#include "posittune/engine/covariance.h"

#include <algorithm>

#include "posittune/base/threads.h"
#include "posittune/engine/gemm.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kTokens = 4096;  // to one product; their sums are added up in float
constexpr std::size_t kRows = 1024;    // of a matrix, to one product

// cols x rows.
std::vector<float> transposed(std::span<const float> x, std::size_t rows, std::size_t cols,
                              int threads) {
  constexpr std::size_t kBlock = 32;
  std::vector<float> turned(rows * cols);
  parallel_for((cols + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    const std::size_t last = std::min(cols, (block + 1) * kBlock);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = block * kBlock; c < last; ++c) turned[c * rows + r] = x[r * cols + c];
    }
  });
  return turned;
}

}  // namespace

InputCovariance::InputCovariance(std::size_t cols, bool full)
    : cols_(cols), full_(full), sums_(full ? cols * cols : cols, 0), inputs_(cols, 0) {}

void InputCovariance::clear() {
  count_ = 0;
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  std::fill(inputs_.begin(), inputs_.end(), 0.0);
}

void InputCovariance::add(std::span<const float> x, kernels::Shape shape, int threads) {
  count_ += shape.rows;
  for (std::size_t r = 0; r < shape.rows; ++r) {
    for (std::size_t c = 0; c < cols_; ++c) inputs_[c] += x[r * cols_ + c];
  }
  if (!full_) {
    // One square after the other would be lost in a large float sum.
    std::vector<double> sums(sums_.begin(), sums_.end());
    for (std::size_t r = 0; r < shape.rows; ++r) {
      for (std::size_t c = 0; c < cols_; ++c)
        sums[c] += double{x[r * cols_ + c]} * x[r * cols_ + c];
    }
    std::transform(sums.begin(), sums.end(), sums_.begin(),
                   [](double sum) { return static_cast<float>(sum); });
    return;
  }
  std::vector<float> product(sums_.size());
  for (std::size_t first = 0; first < shape.rows; first += kTokens) {
    const std::size_t tokens = std::min(kTokens, shape.rows - first);
    const std::vector<float> turned =
        transposed(x.subspan(first * cols_, tokens * cols_), tokens, cols_, threads);
    gemm_fp32({cols_, cols_, tokens}, turned.data(), turned.data(), product.data(), threads);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += product[i];
  }
}

std::vector<float> InputCovariance::mean() const {
  std::vector<float> mean(sums_.size());
  const auto count = static_cast<float>(std::max<std::uint64_t>(1, count_));
  std::transform(sums_.begin(), sums_.end(), mean.begin(), [&](float sum) { return sum / count; });
  return mean;
}

std::vector<double> InputCovariance::mean_input() const {
  std::vector<double> mean = inputs_;
  for (double& value : mean) value /= static_cast<double>(std::max<std::uint64_t>(1, count_));
  return mean;
}

std::vector<double> InputCovariance::quadratic(std::span<const float> matrix, std::size_t rows,
                                               int threads, std::span<const float> shift) const {
  const std::vector<double> input = mean_input();
  std::vector<double> result(rows);
  const auto scale = 1.0 / static_cast<double>(std::max<std::uint64_t>(1, count_));
  std::vector<float> product(full_ ? std::min(rows, kRows) * cols_ : 0);
  for (std::size_t first = 0; first < rows; first += kRows) {
    const std::size_t some = std::min(kRows, rows - first);
    const float* d = matrix.data() + first * cols_;
    // S is symmetric: d S = d S^T.
    if (full_) gemm_fp32({some, cols_, cols_}, d, sums_.data(), product.data(), threads);
    parallel_for(some, threads, [&](std::size_t r) {
      double sum = 0, mean = 0;
      for (std::size_t c = 0; c < cols_; ++c) {
        const double other = full_ ? product[r * cols_ + c] : double{d[r * cols_ + c]} * sums_[c];
        sum += other * d[r * cols_ + c];
        mean += input[c] * d[r * cols_ + c];
      }
      const double added = shift.empty() ? 0 : shift[first + r];
      // Rounding can leave a tiny negative number where the exact one is 0. NaN stays NaN.
      result[first + r] = std::max(sum * scale + 2 * added * mean + added * added, 0.0);
    });
  }
  return result;
}

void add_split(std::span<const float> x, kernels::Shape shape, InputCovariance& fit,
               InputCovariance& holdout, int threads) {
  constexpr std::uint64_t kTokensOfBlock = 64, kBlocks = 4;
  const std::uint64_t before = fit.count() + holdout.count();
  std::vector<float> parts[2];
  for (std::size_t r = 0; r < shape.rows; ++r) {
    const bool out = (before + r) / kTokensOfBlock % kBlocks == kBlocks - 1;
    const auto row = x.subspan(r * shape.cols, shape.cols);
    parts[out ? 1 : 0].insert(parts[out ? 1 : 0].end(), row.begin(), row.end());
  }
  if (!parts[0].empty()) fit.add(parts[0], {parts[0].size() / shape.cols, shape.cols}, threads);
  if (!parts[1].empty()) holdout.add(parts[1], {parts[1].size() / shape.cols, shape.cols}, threads);
}

}  // namespace posittune::engine
