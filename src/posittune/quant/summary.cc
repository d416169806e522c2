#include "posittune/quant/summary.h"

#include <algorithm>
#include <cmath>

namespace posittune::quant {

Summary summarize(std::span<const float> values) {
  if (values.empty()) return {};
  const auto count = static_cast<double>(values.size());
  Summary summary;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  summary.min = *min;
  summary.max = *max;
  double sum = 0, squares = 0;
  for (const float x : values) {
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  summary.mean = sum / count;
  summary.rms = std::sqrt(squares / count);
  double second = 0, fourth = 0;
  for (const float x : values) {
    const double square = (x - summary.mean) * (x - summary.mean);
    second += square;
    fourth += square * square;
  }
  if (second > 0) summary.kurtosis = fourth * count / (second * second);
  return summary;
}

}  // namespace posittune::quant
