#pragma once

// Statistics of a layer's input over calibration data.

#include <cstdint>
#include <openvino/core/shape.hpp>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/statistics.h"

namespace posittune::engine {

// Statistics of one operand of one layer. They cover all calibration data; the sample holds whole
// tokens (or images): those with the lowest priorities, pseudorandom numbers that follow from a
// token's number alone, so that the sample does not depend on batch sizes. (Every 2^k-th token
// would take the first of each row far too often, and those are unlike all others.)
class InputStatistics {
 public:
  // Adds x. `shape` is that of x in tokens; `token` the shape of one token or image, its first
  // dimension the channels that a weight's columns belong to. kInput, and nothing is added, where a
  // value is not finite or above 1e15.
  Status add(std::span<const float> x, kernels::Shape shape, const ov::Shape& token, int threads);

  const kernels::Statistics& total() const { return total_; }
  bool empty() const { return total_.count == 0; }
  // Mean squares E[x_c^2] of each channel.
  std::vector<float> mean_squares() const;
  // Means E[x_c] of each channel.
  std::vector<double> means() const;
  std::span<const float> sample() const { return sample_.values; }
  // Parts of the sample for fitting and for validation. Every second image is held out, and of
  // tokens the second of each four blocks of 64. Both parts are empty while nothing is held out.
  std::vector<float> fit_sample() const;
  std::span<const float> holdout_sample() const { return holdout_.values; }
  // Whether scales can be compared on what is held out: two tokens or images at least.
  bool can_compare() const {
    return holdout_.values.size() >= 2 * std::max<std::size_t>(1, token_size_);
  }
  std::size_t token_size() const { return token_size_; }
  kernels::Shape sample_shape() const {
    return {token_size_ == 0 ? 0 : sample_.values.size() / token_size_, token_size_};
  }
  // The values of largest |x| of all data, at most kLargest of them, in the order they came;
  // sampled values this large are among them. The error of a scale that clips counts every one of
  // these.
  std::span<const float> largest() const { return {largest_.data(), largest_.size()}; }
  float largest_from() const { return threshold_; }
  static constexpr std::size_t kLargest = 4096;
  // The shape of one sampled token or image.
  const ov::Shape& token() const { return token_; }

 private:
  struct Sample {
    std::vector<float> values;
    std::vector<std::uint64_t> priorities, tokens;  // priority and number of each sampled token
    void offer(std::span<const float> row, std::uint64_t token, std::size_t most);
  };
  bool held_out(std::uint64_t token) const;
  void sample_rows(std::span<const float> x, kernels::Shape shape);
  void keep_largest(std::span<const float> x);

  kernels::Statistics total_;
  std::vector<double> squares_, sums_;
  std::uint64_t per_channel_ = 0;  // values that each sum of squares_ has
  ov::Shape token_;
  std::size_t token_size_ = 0;
  Sample sample_, holdout_;
  std::uint64_t seen_ = 0;
  std::vector<float> largest_;
  float threshold_ = 0;  // larger values are in largest_
};

}  // namespace posittune::engine
