#include "posittune/kernels/statistics.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "posittune/base/threads.h"
#include "posittune/kernels/chunks.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/runs.h"
#include "posittune/kernels/scalar.h"

namespace posittune::kernels {
namespace {

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
