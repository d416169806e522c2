// Rounding errors of statistics.h: sums of squares for candidate scales.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "posittune/base/digits.h"
#include "posittune/base/threads.h"
#include "posittune/kernels/chunks.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/runs.h"
#include "posittune/kernels/statistics.h"

namespace posittune::kernels {
namespace {

Status check_weights(std::span<const float> weights, Shape shape) {
  if (weights.empty()) return success();
  if (Status s = check_length("weights", weights.data(), weights.size(), shape.cols); !s) return s;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i])) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "weight is not usable",
                   .where = "weights[" + std::to_string(i) + "]",
                   .expected = "finite and not negative",
                   .found = digits(weights[i])};
    }
  }
  return success();
}

Status check_arguments(std::span<const float> x, Shape shape, std::span<const float> weights,
                       const ScaleLists& candidates) {
  if (Status s = check_shape(shape); !s) return s;
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s;
  if (Status s = check_weights(weights, shape); !s) return s;
  if (candidates.size() != 1 && candidates.size() != shape.rows) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "not one list of scales for each row",
                 .expected = "1 or " + std::to_string(shape.rows),
                 .found = std::to_string(candidates.size())};
  }
  for (const auto& list : candidates) {
    for (const float& scale : list) {
      if (scale >= 0x1p-125F && scale <= 0x1p125F) continue;
      if (Status s = check_scales({.values = {&scale, 1}}, shape, 0); !s) return s;
    }
  }
  return success();
}

double sum_of(const double (&lanes)[kSumLanes]) {
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

// Not above `before` and sum_of(), and all but rounding of it: that waits for each addition.
double quick_sum(double before, const double (&lanes)[kSumLanes]) {
  constexpr std::size_t kChains = 4;
  double sums[kChains] = {};
  for (std::size_t i = 0; i < kSumLanes; ++i) sums[i % kChains] += lanes[i];
  const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]) + before;
  return sum * (1 - 1e-14);
}

// Format, plan and target that errors of rows are computed with.
struct Rounding {
  explicit Rounding(const formats::Format& format)
      : plan(make_plan(format)),
        target(active_target()),
        quantize(plan.block != 0 ? target.block_quantize
                                 : target.quantize[static_cast<std::size_t>(plan.kind)]) {}

  // The error of a chunk.
  double error(const float* x, const float* weights, std::size_t count, float scale) const {
    alignas(64) float rounded[kChunk];
    double lanes[kSumLanes] = {};
    quantize(plan, x, rounded, count, scale, 1.0f / scale);
    target.add_squared_errors(x, rounded, weights, count, lanes);
    return sum_of(lanes);
  }

  // `before` and the error of a chunk, or, once that is above `limit`, of a part of it. Squares are
  // not negative and the sums of floats are monotone, so that the whole is not below the part.
  double error_below(double limit, double before, const float* x, const float* weights,
                     std::size_t count, float scale) const {
    constexpr std::size_t kFirst = 32, kLargest = 512;  // whole blocks, whole groups of lanes
    alignas(64) float rounded[kLargest + kFirst];
    double lanes[kSumLanes] = {};
    const float inverse = 1.0f / scale;
    for (std::size_t done = 0, step = kFirst; done < count; done += step) {
      if (done > 0) step = std::min(3 * done, kLargest);
      // The rest would cost as much as a call.
      if (done + step + kFirst >= count) step = count - done;
      quantize(plan, x + done, rounded, step, scale, inverse);
      target.add_squared_errors(x + done, rounded, weights == nullptr ? nullptr : weights + done,
                                step, lanes);
      if (const double reached = quick_sum(before, lanes); reached > limit) return reached;
    }
    return before + sum_of(lanes);
  }

  const Plan plan;
  const Target& target;
  decltype(Target::block_quantize) quantize;
};

}  // namespace

Result<std::vector<std::vector<double>>> rounding_errors(const formats::Format& format,
                                                         std::span<const float> x, Shape shape,
                                                         std::span<const float> weights,
                                                         const ScaleLists& candidates,
                                                         std::size_t columns, Options options) {
  if (Status s = check_arguments(x, shape, weights, candidates); !s) return s.error();
  const bool shared = candidates.size() == 1;
  std::vector<std::size_t> starts = {0};  // of the parts of each row
  const Shape used{shape.rows, std::min(columns, shape.cols)};
  const std::size_t per_row = chunk_count(used.cols);
  for (std::size_t row = 0; row < shape.rows; ++row)
    starts.push_back(starts.back() + per_row * candidates[shared ? 0 : row].size());
  const Rounding rounding(format);
  std::vector<double> parts(starts.back());
  for_chunks(used, options.threads,
             [&](std::size_t row, std::size_t col, std::size_t count, std::size_t chunk) {
               const float* in = x.data() + row * shape.cols + col;
               const float* w = weights.empty() ? nullptr : weights.data() + col;
               const auto& list = candidates[shared ? 0 : row];
               double* out = parts.data() + starts[row] + chunk * list.size();
               for (std::size_t j = 0; j < list.size(); ++j)
                 out[j] = rounding.error(in, w, count, list[j]);
             });
  std::vector<std::vector<double>> errors(shape.rows);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const std::size_t k = candidates[shared ? 0 : row].size();
    errors[row].assign(k, 0);
    for (std::size_t i = 0; i < per_row * k; ++i) errors[row][i % k] += parts[starts[row] + i];
  }
  return errors;
}

Result<std::vector<std::vector<double>>> rounding_errors_below(
    std::span<const double> limits, const formats::Format& format, std::span<const float> x,
    Shape shape, std::span<const float> weights, const ScaleLists& candidates, Options options) {
  if (Status s = check_arguments(x, shape, weights, candidates); !s) return s.error();
  if (Status s = check_length("limits", limits.data(), limits.size(), shape.rows); !s)
    return s.error();
  const Rounding rounding(format);
  std::vector<std::vector<double>> errors(shape.rows);
  constexpr std::size_t kRows = 8;
  parallel_for((shape.rows + kRows - 1) / kRows, options.threads, [&](std::size_t task) {
    for (std::size_t row = task * kRows; row < std::min(shape.rows, (task + 1) * kRows); ++row) {
      double limit = limits[row];
      const float* in = x.data() + row * shape.cols;
      const auto& list = candidates[candidates.size() == 1 ? 0 : row];
      errors[row].reserve(list.size());
      for (const float scale : list) {
        double error = 0;
        for (std::size_t col = 0; col < shape.cols && !(error > limit); col += kChunk) {
          const float* w = weights.empty() ? nullptr : weights.data() + col;
          error = rounding.error_below(limit, error, in + col, w,
                                       std::min(kChunk, shape.cols - col), scale);
        }
        errors[row].push_back(error);
        if (error < limit) limit = error;
      }
    }
  });
  return errors;
}

Result<std::vector<double>> rounding_error(const formats::Format& format, std::span<const float> x,
                                           Shape shape, std::span<const float> weights,
                                           std::span<const float> candidates, std::size_t k,
                                           Options options) {
  const bool shared = candidates.size() == k;
  if (!shared) {
    if (Status s = check_length("candidates", candidates.data(), candidates.size(), shape.rows * k);
        !s) {
      return s.error();
    }
  }
  ScaleLists lists(shared ? 1 : shape.rows);
  for (std::size_t row = 0; row < lists.size(); ++row) {
    const auto of = candidates.subspan(row * k, k);
    lists[row].assign(of.begin(), of.end());
  }
  auto rows = rounding_errors(format, x, shape, weights, lists, shape.cols, options);
  if (!rows) return rows.error();
  std::vector<double> errors;
  errors.reserve(shape.rows * k);
  for (const auto& row : *rows) errors.insert(errors.end(), row.begin(), row.end());
  return errors;
}

Result<std::vector<double>> weighted_squares(std::span<const float> x, Shape shape,
                                             std::span<const float> weights, Options options) {
  if (Status s = check_shape(shape); !s) return s.error();
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s.error();
  if (Status s = check_weights(weights, shape); !s) return s.error();
  const std::size_t per_row = chunk_count(shape.cols);
  std::vector<double> parts(shape.rows * per_row), rows(shape.rows);
  static constexpr float kZeros[kChunk] = {};
  for_chunks(shape, options.threads,
             [&](std::size_t row, std::size_t col, std::size_t count, std::size_t chunk) {
               const float* w = weights.empty() ? nullptr : weights.data() + col;
               double lanes[kSumLanes] = {};
               active_target().add_squared_errors(x.data() + row * shape.cols + col, kZeros, w,
                                                  count, lanes);
               parts[row * per_row + chunk] = sum_of(lanes);
             });
  for (std::size_t i = 0; i < parts.size(); ++i) rows[i / per_row] += parts[i];
  return rows;
}

}  // namespace posittune::kernels
