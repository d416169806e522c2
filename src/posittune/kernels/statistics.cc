#include "posittune/kernels/statistics.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "posittune/base/digits.h"
#include "posittune/base/threads.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/runs.h"
#include "posittune/kernels/scalar.h"

namespace posittune::kernels {
namespace {

std::size_t chunk_count(std::size_t n) { return (n + kChunk - 1) / kChunk; }

// Calls body(row, first column, count, index of the chunk in its row) for all chunks, on threads.
template <class Body>
void for_chunks(Shape shape, int threads, Body body) {
  const std::size_t per_row = chunk_count(shape.cols);
  // Tasks of 8 chunks or more: 32 K elements.
  constexpr std::size_t kPerTask = 8;
  const std::size_t chunks = shape.rows * per_row;
  parallel_for((chunks + kPerTask - 1) / kPerTask, threads, [&](std::size_t task) {
    const std::size_t last = std::min((task + 1) * kPerTask, chunks);
    for (std::size_t i = task * kPerTask; i < last; ++i) {
      const std::size_t col = i % per_row * kChunk;
      body(i / per_row, col, std::min(kChunk, shape.cols - col), i % per_row);
    }
  });
}

Statistics add_chunks(const Moments* chunks, std::size_t n, std::size_t count) {
  Statistics s;
  s.count = count;
  for (std::size_t i = 0; i < n; ++i) {
    s.zeros += chunks[i].zeros;
    s.nonfinite += chunks[i].nonfinite;
    s.absmax = std::max(s.absmax, chunks[i].absmax);
    s.sum_abs += chunks[i].sum_abs;
    s.sum_squares += chunks[i].sum_squares;
  }
  return s;
}

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

// Largest |x * s| that the format reaches at each element of a run: constant, or per block.
struct Ceiling {
  const Plan& plan;
  const Run& run;
  const float* x;
  float at(std::size_t i) {
    if (plan.block == 0) return plan.max;
    const auto block = static_cast<std::size_t>(plan.block);
    if (i % block == 0) {
      const std::size_t n = std::min(block, run.count - i);
      current = plan.max * power_of_two(block_exponent(plan, x + i, n, run.scale));
    }
    return current;
  }
  float current = 0;
};

Difference run_difference(const Plan& plan, const Run& run, const float* x, const float* y) {
  Difference d;
  d.count = run.count;
  Ceiling ceiling{.plan = plan, .run = run, .x = x};
  for (std::size_t i = 0; i < run.count; ++i) {
    const float most = ceiling.at(i);
    if (!std::isfinite(x[i])) {
      ++d.nonfinite;
      continue;
    }
    const double error = double{y[i]} - double{x[i]};
    d.saturated += std::fabs(x[i] * run.scale) > most ? 1 : 0;
    d.to_zero += y[i] == 0 && x[i] != 0 ? 1 : 0;
    d.overflowed += std::isfinite(y[i]) ? 0 : 1;
    d.signal += double{x[i]} * double{x[i]};
    d.noise += error * error;
    d.max_error = std::max(d.max_error, std::fabs(static_cast<float>(error)));
  }
  return d;
}

}  // namespace

double Statistics::mean_abs() const {
  return finite() == 0 ? 0 : sum_abs / static_cast<double>(finite());
}

double Statistics::rms() const {
  return finite() == 0 ? 0 : std::sqrt(sum_squares / static_cast<double>(finite()));
}

void Statistics::merge(const Statistics& other) {
  count += other.count;
  zeros += other.zeros;
  nonfinite += other.nonfinite;
  absmax = std::max(absmax, other.absmax);
  sum_abs += other.sum_abs;
  sum_squares += other.sum_squares;
}

Result<std::vector<Statistics>> row_statistics(std::span<const float> x, Shape shape,
                                               Options options) {
  if (Status s = check_shape(shape); !s) return s.error();
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s.error();
  const std::size_t per_row = chunk_count(shape.cols);
  std::vector<Moments> chunks(shape.rows * per_row);
  const Target& target = active_target();
  for_chunks(shape, options.threads,
             [&](std::size_t row, std::size_t col, std::size_t count, std::size_t chunk) {
               chunks[row * per_row + chunk] =
                   target.moments(x.data() + row * shape.cols + col, count);
             });
  std::vector<Statistics> rows(shape.rows);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    rows[row] = add_chunks(chunks.data() + row * per_row, per_row, shape.cols);
  }
  return rows;
}

Result<Statistics> statistics(std::span<const float> x, Options options) {
  auto rows = row_statistics(x, {1, x.size()}, options);
  if (!rows) return rows.error();
  return rows->front();
}

std::vector<std::uint64_t> histogram(std::span<const float> x, Options options) {
  // One table per task; counts are whole numbers, so the order of adding does not matter.
  constexpr std::size_t kTask = std::size_t{1} << 20;
  const std::size_t tasks = (x.size() + kTask - 1) / kTask;
  std::vector<std::uint64_t> tables(tasks * kHistogramBins);
  const Target& target = active_target();
  parallel_for(tasks, options.threads, [&](std::size_t task) {
    const auto part = x.subspan(task * kTask, std::min(kTask, x.size() - task * kTask));
    target.histogram(part.data(), part.size(), tables.data() + task * kHistogramBins);
  });
  std::vector<std::uint64_t> bins(kHistogramBins);
  for (std::size_t i = 0; i < tables.size(); ++i) bins[i % kHistogramBins] += tables[i];
  return bins;
}

float histogram_edge(std::size_t bin) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bin) << 20);
}

Result<std::vector<std::vector<double>>> rounding_errors(const formats::Format& format,
                                                         std::span<const float> x, Shape shape,
                                                         std::span<const float> weights,
                                                         const ScaleLists& candidates,
                                                         std::size_t columns, Options options) {
  if (Status s = check_shape(shape); !s) return s.error();
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s.error();
  if (Status s = check_weights(weights, shape); !s) return s.error();
  const bool shared = candidates.size() == 1;
  if (!shared && candidates.size() != shape.rows) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "not one list of scales for each row",
                 .expected = "1 or " + std::to_string(shape.rows),
                 .found = std::to_string(candidates.size())};
  }
  std::vector<std::size_t> starts = {0};  // of the parts of each row
  const Shape used{shape.rows, std::min(columns, shape.cols)};
  const std::size_t per_row = chunk_count(used.cols);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const auto& list = candidates[shared ? 0 : row];
    if (row == 0 || !shared) {
      for (const float& scale : list) {
        if (Status s = check_scales({.values = {&scale, 1}}, shape, 0); !s) return s.error();
      }
    }
    starts.push_back(starts.back() + per_row * list.size());
  }

  const Plan plan = make_plan(format);
  const Target& target = active_target();
  const auto quantize = plan.block != 0 ? target.block_quantize
                                        : target.quantize[static_cast<std::size_t>(plan.kind)];
  std::vector<double> parts(starts.back());
  for_chunks(used, options.threads,
             [&](std::size_t row, std::size_t col, std::size_t count, std::size_t chunk) {
               const float* in = x.data() + row * shape.cols + col;
               const float* w = weights.empty() ? nullptr : weights.data() + col;
               const auto& list = candidates[shared ? 0 : row];
               double* out = parts.data() + starts[row] + chunk * list.size();
               alignas(64) float rounded[kChunk];
               for (std::size_t j = 0; j < list.size(); ++j) {
                 quantize(plan, in, rounded, count, list[j], 1.0f / list[j]);
                 out[j] = target.squared_error(in, rounded, w, count);
               }
             });
  std::vector<std::vector<double>> errors(shape.rows);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const std::size_t k = candidates[shared ? 0 : row].size();
    errors[row].assign(k, 0);
    for (std::size_t i = 0; i < per_row * k; ++i) errors[row][i % k] += parts[starts[row] + i];
  }
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
               parts[row * per_row + chunk] = active_target().squared_error(
                   x.data() + row * shape.cols + col, kZeros, w, count);
             });
  for (std::size_t i = 0; i < parts.size(); ++i) rows[i / per_row] += parts[i];
  return rows;
}

double Difference::sqnr_db() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

void Difference::merge(const Difference& other) {
  count += other.count;
  nonfinite += other.nonfinite;
  saturated += other.saturated;
  to_zero += other.to_zero;
  overflowed += other.overflowed;
  signal += other.signal;
  noise += other.noise;
  max_error = std::max(max_error, other.max_error);
}

Result<Difference> difference(const formats::Format& format, std::span<const float> x,
                              std::span<const float> y, Shape shape, const Scales& scales,
                              Options options) {
  const std::size_t block = format.block;
  if (Status s = check_scales(scales, shape, block); !s) return s.error();
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s.error();
  if (Status s = check_length("y", y.data(), y.size(), shape.size()); !s) return s.error();
  const Plan plan = make_plan(format);
  const RunTasks tasks(scales, shape, block);
  std::vector<Difference> parts(tasks.count());
  parallel_for(tasks.count(), options.threads, [&](std::size_t task) {
    tasks.for_each(task, [&](const Run& run) {
      parts[task].merge(run_difference(plan, run, x.data() + run.first, y.data() + run.first));
    });
  });
  Difference total;
  for (const Difference& part : parts) total.merge(part);
  return total;
}

}  // namespace posittune::kernels
