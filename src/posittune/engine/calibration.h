#pragma once

// What calibration data showed of a layer's input, and the activation scales that follow from it.

#include <cstdint>
#include <functional>
#include <openvino/core/shape.hpp>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/operation.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// Of one operand of one layer. Statistics are of all calibration data; the sample is of whole
// tokens (or images): those with the lowest lots, which follow from a token's number alone, so that
// the sample does not depend on batch sizes. (Every 2^k-th token would meet the first of each row
// far too often, and those are unlike all others.)
class InputStatistics {
 public:
  // `shape` is that of x in tokens; `token` the shape of one token or image, its first dimension
  // the channels that a weight's columns belong to. kInput, and nothing is added, where a value is
  // not finite or above 1e15.
  Status add(std::span<const float> x, kernels::Shape shape, const ov::Shape& token, int threads);

  const kernels::Statistics& total() const { return total_; }
  bool empty() const { return total_.count == 0; }
  // E[x_c^2] of each channel.
  std::vector<float> mean_squares() const;
  // E[x_c] of each channel.
  std::vector<double> means() const;
  std::span<const float> sample() const { return sample_.values; }
  // The sample without what is kept apart, and a sample of what is: every second image, of tokens
  // the second of each four blocks of 64. Both are empty where nothing was kept apart yet.
  std::vector<float> fit_sample() const;
  std::span<const float> held_sample() const { return held_.values; }
  std::size_t token_size() const { return token_size_; }
  kernels::Shape sample_shape() const {
    return {token_size_ == 0 ? 0 : sample_.values.size() / token_size_, token_size_};
  }
  // The largest |x| of all data, at most kLargest of them, as they came; sampled values this large
  // are among them. A scale that clips must answer for every one of these.
  std::span<const float> largest() const { return {largest_.data(), largest_.size()}; }
  float largest_from() const { return threshold_; }
  static constexpr std::size_t kLargest = 4096;
  // One sampled token or image.
  const ov::Shape& token() const { return token_; }

 private:
  struct Sample {
    std::vector<float> values;
    std::vector<std::uint64_t> lots, tokens;  // of the sampled; their numbers
    void offer(std::span<const float> row, std::uint64_t token, std::size_t most);
  };
  bool kept_apart(std::uint64_t token) const;
  void sample_rows(std::span<const float> x, kernels::Shape shape);
  void keep_largest(std::span<const float> x);

  kernels::Statistics total_;
  std::vector<double> squares_, sums_;
  std::uint64_t per_channel_ = 0;  // values that each sum of squares_ has
  ov::Shape token_;
  std::size_t token_size_ = 0;
  Sample sample_, held_;
  std::uint64_t seen_ = 0;
  std::vector<float> largest_;
  float threshold_ = 0;  // what is larger is in largest_
};

// The scale of a static activation: from the statistics, and for the rules that search, the
// estimated error of all data: that of the largest values as it is, that of the others as the
// sample shows it. (MX blocks share a scale with their neighbours: there, the sample alone.)
Result<float> static_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, int threads);

// Sum of squared differences at the layer's output, of the sample quantized with each candidate.
using ErrorOfCandidate = std::function<Result<double>(const ActivationQuantizer& candidate)>;

// The same by the error at the output: of the powers of two near where absmax fits or rms is at the
// centre (further out as long as the last is the best), for the rules that are not of powers of two
// of real scales around the best. The candidates of absmax and rms_pow2 take part. Not promised to
// be the least: that error is known at the candidates only.
Result<float> output_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, const ErrorOfCandidate& error);

// Whether errors of one scale are below those of another beyond noise: their mean difference by
// more than its standard error. By token or image that neither was chosen for; fewer than two tell
// nothing.
bool surely_less(std::span<const double> errors, std::span<const double> others);

}  // namespace posittune::engine
