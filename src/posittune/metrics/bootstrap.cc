#include "posittune/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "posittune/base/mix.h"
#include "posittune/base/threads.h"

namespace posittune::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Linear between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double a = sorted[below];
  const double b = sorted[std::min(below + 1, sorted.size() - 1)];
  const double part = position - static_cast<double>(below);
  // Equal ends first: infinite ones would give NaN, finite ones would be rounded.
  return a == b || part == 0 ? a : (1 - part) * a + part * b;
}

}  // namespace

RatioStatistic::RatioStatistic(std::vector<double> numerators, std::vector<double> denominators,
                               Transform transform)
    : numerators_(std::move(numerators)),
      denominators_(std::move(denominators)),
      transform_(transform) {
  denominators_.resize(numerators_.size());
}

double RatioStatistic::value(std::span<const std::uint32_t> times) const {
  double numerator = 0, denominator = 0;
  for (std::size_t u = 0; u < numerators_.size(); ++u) {
    if (times[u] == 0) continue;  // 0 * inf would be NaN
    numerator += times[u] * numerators_[u];
    denominator += times[u] * denominators_[u];
  }
  const double ratio = numerator / denominator;
  return transform_ == nullptr ? ratio : transform_(ratio);
}

void draw_units(std::uint64_t seed, std::size_t resample, std::span<std::uint32_t> times) {
  std::fill(times.begin(), times.end(), 0u);
  std::uint64_t state = mix(mix(seed + kGolden) + static_cast<std::uint64_t>(resample));
  const auto count = static_cast<std::uint64_t>(times.size());
  for (std::size_t draw = 0; draw < times.size(); ++draw) {
    state += kGolden;
    // 32 random bits times the count: uneven by count / 2^32, far below the bootstrap's own error.
    ++times[static_cast<std::size_t>((mix(state) >> 32) * count >> 32)];
  }
}

double value_of(const Statistic& statistic) {
  const std::vector<std::uint32_t> once(statistic.units(), 1u);
  return statistic.value(once);
}

std::vector<double> replicates(const Statistic& statistic, const BootstrapOptions& options) {
  const std::size_t units = statistic.units();
  if (units < 2) return {};
  std::vector<double> values(options.resamples);
  constexpr std::size_t kPerTask = 16;
  parallel_for((values.size() + kPerTask - 1) / kPerTask, options.threads, [&](std::size_t task) {
    std::vector<std::uint32_t> times(units);
    const std::size_t end = std::min(values.size(), (task + 1) * kPerTask);
    for (std::size_t r = task * kPerTask; r < end; ++r) {
      draw_units(options.seed, r, times);
      values[r] = statistic.value(times);
    }
  });
  return values;
}

Estimate percentile_interval(double value, std::vector<double> replicates, double level) {
  const Estimate unknown{value, kNaN, kNaN};
  const std::size_t drawn = replicates.size();
  std::erase_if(replicates, [](double r) { return std::isnan(r); });
  if (std::isnan(value) || replicates.empty() || replicates.size() * 2 < drawn) return unknown;
  if (!(level > 0 && level < 1)) return unknown;
  std::sort(replicates.begin(), replicates.end());
  const double tail = (1 - level) / 2;
  return {value, quantile(replicates, tail), quantile(replicates, 1 - tail)};
}

Estimate bootstrap(const Statistic& statistic, const BootstrapOptions& options) {
  return percentile_interval(value_of(statistic), replicates(statistic, options), options.level);
}

Estimate paired_difference(const Statistic& a, const Statistic& b,
                           const BootstrapOptions& options) {
  if (a.units() != b.units()) return {value_of(a) - value_of(b), kNaN, kNaN};
  return paired_difference(value_of(a), replicates(a, options), value_of(b), replicates(b, options),
                           options.level);
}

Estimate paired_difference(double a, std::span<const double> replicates_a, double b,
                           std::span<const double> replicates_b, double level) {
  if (replicates_a.size() != replicates_b.size()) return {a - b, kNaN, kNaN};
  std::vector<double> differences(replicates_a.size());
  for (std::size_t r = 0; r < differences.size(); ++r) {
    differences[r] = replicates_a[r] - replicates_b[r];
  }
  return percentile_interval(a - b, std::move(differences), level);
}

}  // namespace posittune::metrics
