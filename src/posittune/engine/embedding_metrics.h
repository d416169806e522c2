#pragma once

// What changes of an embedding's rows do to the model's first output y. No product reads the table, so
// there is no S that a compensated rounding could go by; what takes its place is measured:
//
//   M = sum over positions t and elements of y of J_t^T J_t,  J_t = dy/de_t, e_t the row looked up at t
//
// by finite differences, one run of the model for each column k, with W + step * s_r e_k as the table, a random
// sign s_r = +-1 for each row r: dy = step * sum_t s_t J_t e_k, and cross terms of two positions have the mean 0.
// An error dW of the rows then costs tr(dW M dW^T), each row by how often it is used.

#include <cstddef>
#include <memory>
#include <vector>

#include "posittune/engine/covariance.h"

namespace posittune::engine {

// Of tables whose rows only additions bring together (words, positions, token types): J is the same for all.
struct EmbeddingMetric {
  std::size_t weight = 0;  // the table that is changed for it
  InputCovariance seen, held;
  std::size_t batches = 0;
};

// W + step * s_r e_k; the signs follow from `seed`. rows x cols.
std::vector<float> shaken_table(const std::vector<float>& values, std::size_t cols, std::size_t k, double step, std::uint64_t seed);

// Of values of W: large against rounding in FP32, small against what bends y. 0 for a table of zeros.
double shaking_step(const std::vector<float>& values);

// A long output as 4096 sums of its elements with random signs, which keeps products of two outputs in the mean; a
// short one as it is. `plain` is subtracted; what is not finite counts as 0.
std::vector<float> folded_difference(std::span<const float> shaken, std::span<const float> plain, double step);

}  // namespace posittune::engine
