#pragma once

// Summary of a weight: a few numbers that tell which formats will suit it.

#include <span>

namespace posittune::quant {

struct Summary {
  float min = 0, max = 0;
  double mean = 0, rms = 0;
  // Kurtosis: the fourth central moment over the squared variance: 3 for a normal distribution,
  // more with outliers; 0 when all values are equal.
  double kurtosis = 0;
};

// Summary of the finite values; in doubles, two passes.
Summary summarize(std::span<const float> values);

}  // namespace posittune::quant
