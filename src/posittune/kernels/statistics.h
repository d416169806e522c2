#pragma once

// Statistics of arrays (rows x cols, row-major). NaN and infinities are counted and left out of all
// sums. They have the same bits on every target and for every number of threads: sums are taken in
// chunks of kChunk elements of a row, and the chunks added in order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"

namespace posittune::kernels {

struct Statistics {
  std::uint64_t count = 0;  // all elements
  std::uint64_t zeros = 0;
  std::uint64_t nonfinite = 0;  // NaN and infinities
  float absmax = 0;
  double sum_abs = 0, sum_squares = 0;

  std::uint64_t finite() const { return count - nonfinite; }
  double mean_abs() const;  // 0 when nothing is finite
  double rms() const;
  // The statistics of both arrays together.
  void merge(const Statistics& other);
};

// Statistics of each row.
Result<std::vector<Statistics>> row_statistics(std::span<const float> x, Shape shape,
                                               Options options = {});
// Statistics of the whole array.
Result<Statistics> statistics(std::span<const float> x, Options options = {});

// Counts of |x| in 2048 bins: bin = upper 11 bits of the float pattern, 8 bins per octave; zeros
// and the smallest subnormals in bin 0, infinities and NaN in bins 2040 and above.
std::vector<std::uint64_t> histogram(std::span<const float> x, Options options = {});
// Lower edge of a bin.
float histogram_edge(std::size_t bin);

// Rounding error: the sum over the columns of w_k * (q(x_k) - x_k)^2, for each row and each
// candidate scale, in one pass over x. `weights` is empty (all 1) or has `cols` entries, finite and
// not negative; `candidates` has k scales for all rows or rows x k. The result is rows x k.
Result<std::vector<double>> rounding_error(const formats::Format& format, std::span<const float> x,
                                           Shape shape, std::span<const float> weights,
                                           std::span<const float> candidates, std::size_t k,
                                           Options options = {});

// Rounding errors for lists of candidates: a list for each row, or one for all rows, over the first
// `columns` columns only. With all columns, sums have the same bits as rounding_error().
using ScaleLists = std::vector<std::vector<float>>;
Result<std::vector<std::vector<double>>> rounding_errors(const formats::Format& format,
                                                         std::span<const float> x, Shape shape,
                                                         std::span<const float> weights,
                                                         const ScaleLists& candidates,
                                                         std::size_t columns, Options options = {});

// Rounding errors over all columns, for a search that wants the least. A scale is given up as soon
// as its error is known to exceed the row's limit, or the error of a scale before it in the row's
// list; its result is then some number between that bound and its error.
Result<std::vector<std::vector<double>>> rounding_errors_below(
    std::span<const double> limits, const formats::Format& format, std::span<const float> x,
    Shape shape, std::span<const float> weights, const ScaleLists& candidates,
    Options options = {});

// Weighted squares: the sum over the columns of w_k x_k^2 of each row, which is the error of
// rounding all to zero.
Result<std::vector<double>> weighted_squares(std::span<const float> x, Shape shape,
                                             std::span<const float> weights, Options options = {});

// The difference that rounding made to an array: y = quantize(x) with the same format, shape and
// scales.
struct Difference {
  std::uint64_t count = 0;
  std::uint64_t nonfinite = 0;   // NaN and infinities in x: NaR in posits
  std::uint64_t saturated = 0;   // finite |x * s| above the largest value
  std::uint64_t overflowed = 0;  // finite x, infinite y: fp16 and wider, scales at fp32's end
  std::uint64_t to_zero = 0;     // nonzero x, zero y
  double signal = 0, noise = 0;  // sum x^2, sum (y-x)^2 over finite x
  float max_error = 0;           // largest |y - x| over finite x

  double sqnr_db() const;  // 10 log10(signal / noise); +-infinity when noise is 0 or infinite
  void merge(const Difference& other);
};
Result<Difference> difference(const formats::Format& format, std::span<const float> x,
                              std::span<const float> y, Shape shape, const Scales& scales,
                              Options options = {});

}  // namespace posittune::kernels
