#pragma once

// Metrics of one model on one data set: first counts, then the value with an interval, then its
// comparison with FP32's.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/metrics/bootstrap.h"

namespace posittune::metrics {

enum class Direction { kLowerIsBetter, kHigherIsBetter };

// Rank of a metric by importance for a decision, the most important first (in records as 0, 1,
// ...).
enum class Rank {
  kLoss,       // loss of sensitivity and search; 0 for FP32 itself
  kTask,       // how well the task is done, by the truth where that is known
  kAgreement,  // with FP32
  kDetail,     // beside one of the task
  kDeviation,  // how far output numbers move
};

struct Metric {
  std::string name;  // key in JSON: "kl", "perplexity", "map50" ...
  Direction direction = Direction::kHigherIsBetter;
  std::string unit;  // unit of the value: "nats/token", "dB"; empty for fractions
  Rank rank = Rank::kDetail;
  std::string version{};  // a custom metric's version
};

struct MetricSamples {
  Metric metric;
  std::shared_ptr<const Statistic> statistic;
};

// A measured value, with what is needed to compare it with another one. FP32 is measured once, and
// each format once. The interval is not known (NaN) with one unit.
struct Measured {
  Metric metric;
  std::size_t units = 0;
  std::vector<double> replicates;  // on the resamples of `seed`
  std::uint64_t seed = 0;
  double level = 0;
  Estimate estimate;
};
Measured measure(const MetricSamples& samples, const BootstrapOptions& options = {});
std::vector<Measured> measure_all(const std::vector<MetricSamples>& samples,
                                  const BootstrapOptions& options = {});

struct Comparison {
  Metric metric;
  Estimate estimate;  // the format's value
  // The difference, the format's value minus FP32's, paired: on the same items and the same
  // resamples. Not known (NaN) where both are infinite.
  Estimate difference;
  // Whether the format's value is better than FP32's. Rounding cannot improve a model: this is
  // noise of the sample, and is shown as such.
  bool better_than_fp32 = false;
};
// Compares each metric of `format` with the one of that name in `fp32`. kInternal when there is
// none, or when the two were not measured on as many units, with one seed and level.
Result<std::vector<Comparison>> compare(const std::vector<Measured>& fp32,
                                        const std::vector<Measured>& format);

}  // namespace posittune::metrics
