#pragma once

// E[x x^T] of a layer's input over calibration data: what a change dW of the weights does to the
// layer's output y = W x is E|dW x|^2 = tr(dW S dW^T), for any dW, without running anything.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/kernels/arrays.h"

namespace posittune::engine {

class InputCovariance {
 public:
  // full: all of S; otherwise its diagonal. S is cols x cols, in floats.
  InputCovariance(std::size_t cols, bool full);

  // x: tokens x cols.
  void add(std::span<const float> x, kernels::Shape shape, int threads);

  // As if nothing had been added.
  void clear();

  std::size_t cols() const { return cols_; }
  bool full() const { return full_; }
  std::uint64_t count() const { return count_; }
  // S, or its diagonal. Zeros when nothing was seen.
  std::vector<float> mean() const;
  // E[x]: cols values.
  std::vector<double> mean_input() const;

  // For each of `rows` rows d of a rows x cols matrix: d S d^T. With `shift`, a number for each
  // row: E(d x + shift)^2.
  std::vector<double> quadratic(std::span<const float> matrix, std::size_t rows, int threads,
                                std::span<const float> shift = {}) const;

 private:
  std::size_t cols_;
  bool full_;
  std::uint64_t count_ = 0;
  std::vector<float> sums_;
  std::vector<double> inputs_;  // sums of x
};

// Splits the tokens of one input into those for fitting and those held out for validation. Every
// fourth block of 64 tokens is held out, by the number of the token in the order of calibration, so
// that batches do not matter.
void add_split(std::span<const float> x, kernels::Shape shape, InputCovariance& fit,
               InputCovariance& holdout, int threads);

}  // namespace posittune::engine
