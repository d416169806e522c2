#pragma once

// Confidence intervals by the bootstrap over units.
//
// A unit is what was drawn independently: a document, an image. Rows of one unit (the tokens of a
// document) are not independent, so whole units are resampled. The interval is the percentile
// interval; differences are taken replicate by replicate on the same resamples (paired).
// reference: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
//
// With few units (under about 20) a percentile interval is too narrow; with one it is not known.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace posittune::metrics {

// A statistic of a set of units, in which a unit may occur several times or not at all.
class Statistic {
 public:
  virtual ~Statistic() = default;
  virtual std::size_t units() const = 0;
  // The statistic's value where unit u occurs times[u] times; times.size() == units(). NaN where it
  // is not defined (division by zero). Called from several threads at once.
  virtual double value(std::span<const std::uint32_t> times) const = 0;
};

// A ratio: transform(sum of numerators / sum of denominators). 0 / 0 is NaN.
class RatioStatistic : public Statistic {
 public:
  using Transform = double (*)(double);
  // Takes one entry for each unit in both; without `transform` the value is the ratio itself.
  RatioStatistic(std::vector<double> numerators, std::vector<double> denominators,
                 Transform transform = nullptr);
  std::size_t units() const override { return numerators_.size(); }
  double value(std::span<const std::uint32_t> times) const override;

 private:
  std::vector<double> numerators_, denominators_;
  Transform transform_;
};

struct BootstrapOptions {
  std::size_t resamples = 1000;
  std::uint64_t seed = 1;
  double level = 0.95;  // between 0 and 1
  int threads = 0;      // 0 = all; the result does not depend on it
};

// An estimate with its interval; low and high are NaN when the interval is not known.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

// The multiplicities of one resample: units() draws with replacement. A function of (seed,
// resample, times.size()) alone, so two statistics with as many units see the same resamples.
void draw_units(std::uint64_t seed, std::size_t resample, std::span<std::uint32_t> times);

// The statistic on the units as they are, each once.
double value_of(const Statistic& statistic);

// The statistic on each resample. Empty with fewer than two units.
std::vector<double> replicates(const Statistic& statistic, const BootstrapOptions& options = {});

// The percentile interval. Replicates that are NaN (a resample on which the statistic is not
// defined) are left out; NaN when `value` is NaN or fewer than half of the replicates are left.
Estimate percentile_interval(double value, std::vector<double> replicates, double level);

Estimate bootstrap(const Statistic& statistic, const BootstrapOptions& options = {});

// The paired difference a - b, on the same resamples; the two must have the same units, else the
// interval is NaN.
Estimate paired_difference(const Statistic& a, const Statistic& b,
                           const BootstrapOptions& options = {});

// The paired difference from given replicates, of the same seed and units.
Estimate paired_difference(double a, std::span<const double> replicates_a, double b,
                           std::span<const double> replicates_b, double level);

}  // namespace posittune::metrics
