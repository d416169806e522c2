#pragma once

// What changes of an embedding's rows do to an output y of the model. No product reads the table,
// so there is no S that a compensated rounding could go by; what takes its place is measured:
//
//   M = mean over elements of y of the sum over positions t of J_t^T J_t,
//   J_t = dy/de_t, e_t the row looked up at t
//
// by finite differences, one run of the model for each column k, with W + step * s_r e_k as the
// table, a random sign s_r = +-1 for each row r: dy = step * sum_t s_t J_t e_k, and cross terms of
// positions with different rows have the mean 0. (Positions with one row, a token type's, add up as
// their errors do.) An error dW of the rows then costs tr(dW M dW^T), each row by how often it is
// used.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/engine/covariance.h"

namespace posittune::engine {

// Of tables whose rows only additions bring together (words, positions, token types): J is the same
// for all.
struct EmbeddingMetric {
  std::size_t weight = 0;  // the table that is changed for it: that of most rows
  InputCovariance seen, held;
  std::size_t batches = 0;
  bool moves = false;  // seen is not zero
};

// Column k of W + step * s_r e_k; the signs follow from `seed`.
void shake_column(std::span<float> table, std::size_t cols, std::size_t k, double step,
                  std::uint64_t seed);

// Of values of W: large against rounding in FP32, small against what bends y. 0 for a table of
// zeros.
double shaking_step(std::span<const float> values);

// (shaken - plain) / step; a long output as 4096 sums of its elements with random signs, which
// keeps products of two outputs in the mean. What is not finite counts as 0.
std::vector<float> folded_difference(std::span<const float> shaken, std::span<const float> plain,
                                     double step);

}  // namespace posittune::engine
