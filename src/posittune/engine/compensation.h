#pragma once

// Rounding that makes good its own errors: columns are rounded one after the other, and what
// rounding one does to the layer's output is taken back, as far as S = E[x x^T] says they can, by
// the columns that are still exact. For any grid: formats and scales are chosen beforehand, from
// the exact weights.
//
//   H = S + damping * mean(diag S) * I, columns by descending diag S;  H^-1 = U^T U, U upper
//   q_j = Q(w_j),  w_k -= (w_j - q_j) U_jk / U_jj  for k > j
//
// Then kSweeps times over all columns, each now knowing the errors of all others (coordinate
// descent):
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
#include "posittune/engine/row_run.h"
#include "posittune/kernels/arrays.h"

namespace posittune::engine {

inline constexpr int kSweeps = 2;

// What the columns of a layer take over from each other; the same for all weights with its input.
struct CompensationFactor {
  std::vector<std::uint32_t> order;  // order[j]: the column that is rounded as the j-th
  // cols x cols, below the diagonal: coefficients[k * cols + j] = U_jk / U_jj, what column k takes
  // over of the error of column j < k, both in rounding order.
  std::vector<float> coefficients;
  std::vector<float> row_ratios;  // cols x cols: row_ratios[j * cols + k] = H_jk / H_jj, 0 on the
                                  // diagonal, in rounding order
  double damping = 0;

  std::size_t cols() const { return order.size(); }
};

// `s` is cols x cols. Computed in double. Where H is not positive definite the damping grows from
// 0.2 to 2; nothing when that is not enough, or when s is not finite.
std::optional<CompensationFactor> make_compensation_factor(std::span<const float> s,
                                                           std::size_t cols, int threads);

// The value of each weight just before it was rounded. Rounding these to the nearest grid point,
// with the formats and scales of `rows`, gives the compensated weights, to the bit. `group`:
// columns that share a scale, or 0. Rows in FP32, and in formats of MX blocks (whose scales follow
// from their values), stay as they are, as do rows that no run has. Does not depend on
// `threads`.
Result<std::vector<float>> compensate(std::span<const float> weights, kernels::Shape shape,
                                      std::span<const RowRun> rows, std::size_t group,
                                      const CompensationFactor& factor, int threads);

}  // namespace posittune::engine
