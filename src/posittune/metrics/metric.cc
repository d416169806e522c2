#include "posittune/metrics/metric.h"

#include <algorithm>

namespace posittune::metrics {

Measured measure(const MetricSamples& samples, const BootstrapOptions& options) {
  Measured measured{.metric = samples.metric,
                    .units = samples.statistic->units(),
                    .replicates = replicates(*samples.statistic, options),
                    .seed = options.seed,
                    .level = options.level,
                    .estimate = {}};
  measured.estimate =
      percentile_interval(value_of(*samples.statistic), measured.replicates, options.level);
  return measured;
}

std::vector<Measured> measure_all(const std::vector<MetricSamples>& samples,
                                  const BootstrapOptions& options) {
  std::vector<Measured> measured;
  measured.reserve(samples.size());
  for (const MetricSamples& one : samples) measured.push_back(measure(one, options));
  return measured;
}

Result<std::vector<Comparison>> compare(const std::vector<Measured>& fp32,
                                        const std::vector<Measured>& format) {
  std::vector<Comparison> comparisons;
  comparisons.reserve(format.size());
  for (const Measured& own : format) {
    const auto base = std::find_if(fp32.begin(), fp32.end(), [&](const Measured& m) {
      return m.metric.name == own.metric.name;
    });
    if (base == fp32.end() || base->units != own.units || base->seed != own.seed ||
        base->level != own.level || base->replicates.size() != own.replicates.size()) {
      return Error{.what = "a metric is not comparable with FP32's",
                   .where = own.metric.name,
                   .expected = "the same metric, units, seed, level and resamples"};
    }
    const double a = own.estimate.value, b = base->estimate.value;
    const bool lower = own.metric.direction == Direction::kLowerIsBetter;
    comparisons.push_back({own.metric, own.estimate,
                           paired_difference(a, own.replicates, b, base->replicates, own.level),
                           lower ? a < b : a > b});
  }
  return comparisons;
}

}  // namespace posittune::metrics
