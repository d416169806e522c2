#pragma once

// Row kernels: loops over one row, compiled for several instruction sets, all with the same bits.

#include <cstddef>
#include <span>
#include <string_view>

namespace posittune::metrics {

// The sums of a softmax, before its division.
struct SoftmaxSums {
  float max = 0;   // largest element that is a number
  double sum = 0;  // sum of e^(x - max); not finite when x is no row of logits
};

struct DeviationSums {
  double xx = 0, yy = 0, xy = 0;
  double noise = 0;  // (x - y)^2
};

struct RowKernels {
  std::string_view name;
  // Computes n exponentials[i] = e^(x[i] - max).
  SoftmaxSums (*softmax)(const float* x, std::size_t n, float* exponentials);
  // The sum of kl_part over the row: p and q are exponentials of x and y, q is multiplied by
  // `scale`, t = y - x + shift.
  double (*kl)(const float* x, const float* y, const float* p, const float* q, std::size_t n,
               float scale, float shift);
  DeviationSums (*deviation)(const float* x, const float* y, std::size_t n);
};

// The kernels that this machine can run; the best one is last.
std::span<const RowKernels> row_kernels();

}  // namespace posittune::metrics
