#pragma once

// Compensated rounding (GPTQ): columns are rounded one after the other, and the columns not yet
// rounded are updated to cancel the output error of those already rounded, as S = E[x x^T] says. It
// works on any grid: formats and scales are chosen beforehand, from the exact weights.
//
//   H = S + damping * mean(diag S) * I, columns by descending diag S;  H^-1 = U^T U, U upper
//   q_j = Q(w_j),  w_k -= (w_j - q_j) U_jk / U_jj  for k > j
//
// Then kSweeps sweeps of coordinate descent: each column is rounded again, given the errors of all
// others:
//
//   q_j = Q(w_j + sum over k != j of (w_k - q_k) H_jk / H_jj),  w the exact weights
//
// reference: Frantar et al., GPTQ: Accurate Post-Training Quantization, ICLR 2023, section 3;
//            Chee et al., QuIP: 2-Bit Quantization of Large Language Models, NeurIPS 2023 (LDLQ);
//            Behdin et al., QuantEase: Optimization-based Quantization for Language Models, 2023

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/quantized_weight.h"
#include "posittune/kernels/arrays.h"

namespace posittune::engine {

inline constexpr int kSweeps = 2;

// The factor of a layer: how much of the error of each column the others take over. Weights with
// the same input have the same factor.
struct CompensationFactor {
  std::vector<std::uint32_t> order;  // order[j]: the column that is rounded as the j-th
  // Coefficients, cols x cols, below the diagonal: coefficients[k * cols + j] = U_jk / U_jj, the
  // part of the error of column j < k that column k takes over, both in rounding order.
  std::vector<float> coefficients;
  // Ratios, cols x cols: row_ratios[j * cols + k] = H_jk / H_jj, 0 on the diagonal, in rounding
  // order.
  std::vector<float> row_ratios;
  double damping = 0;

  std::size_t cols() const { return order.size(); }
};

// Makes the factor of `s`, which is cols x cols; computed in double. Where H is not positive
// definite the damping grows from 0.2 to 2; none when that is not enough, or when s is not finite.
std::optional<CompensationFactor> make_compensation_factor(std::span<const float> s,
                                                           std::size_t cols, int threads);

// The value of each weight just before it was rounded. Rounding these to the nearest grid point,
// with the formats and scales of `rows`, gives the compensated weights, to the bit. `group`:
// columns that share a scale, or 0. Rows in FP32, in formats of MX blocks (whose scales follow from
// their values), and outside all runs stay as they are. The result does not depend on `threads`.
Result<std::vector<float>> compensate(std::span<const float> weights, kernels::Shape shape,
                                      std::span<const RowRun> rows, std::size_t group,
                                      const CompensationFactor& factor, int threads);

}  // namespace posittune::engine
