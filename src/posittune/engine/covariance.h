#pragma once

// Covariance S = E[x x^T] of a layer's input over calibration data. It gives the output error of
// any change dW of the weights of y = W x without running the model: E|dW x|^2 = tr(dW S dW^T).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/kernels/arrays.h"

namespace posittune::engine {

class InputCovariance {
 public:
  // Starts with no data. With `full` it keeps all of S, cols x cols floats, otherwise its diagonal,
  // cols floats.
  InputCovariance(std::size_t cols, bool full);

  // Adds x, tokens x cols.
  void add(std::span<const float> x, kernels::Shape shape, int threads);

  // Clears all, as if nothing had been added.
  void clear();

  std::size_t cols() const { return cols_; }
  bool full() const { return full_; }
  std::uint64_t count() const { return count_; }
  // The matrix S, or its diagonal. Zeros when nothing was added.
  std::vector<float> mean() const;
  // The mean input E[x], cols values.
  std::vector<double> mean_input() const;

  // Quadratic forms d S d^T for each of the `rows` rows d of a rows x cols matrix. With `shift`, a
  // number for each row: E(d x + shift)^2.
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
// fourth block of 64 tokens is held out, counted over all calibration data, so that the size of
// batches does not matter.
void add_split(std::span<const float> x, kernels::Shape shape, InputCovariance& fit,
               InputCovariance& holdout, int threads);

}  // namespace posittune::engine
