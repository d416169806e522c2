#pragma once

// Embedding metrics: what changes of an embedding's rows do to an output y of the model. No product
// reads the table, so there is no S for compensated rounding; a matrix M that takes its place is
// measured:
//
//   M = mean over elements of y of the sum over positions t of J_t^T J_t,
//   J_t = dy/de_t, e_t the row looked up at t
//
// by finite differences, one run of the model for each column k, with W + step * s_r e_k as the
// table, a random sign s_r = +-1 for each row r: dy = step * sum_t s_t J_t e_k, and cross terms of
// positions with different rows have the mean 0. (Positions with one row, a token type's, add up as
// their errors do.) An error dW of the rows then costs tr(dW M dW^T), each row weighted by how
// often it is used.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/covariance.h"

namespace posittune::engine {

// The metric of a sum of tables (words, positions, token types): their rows are only added, so J is
// the same for all of them.
struct EmbeddingMetric {
  std::size_t weight = 0;  // the table that is perturbed: the one with most rows
  InputCovariance fit, holdout;
  std::size_t batches = 0;
  bool has_signal = false;  // some output of `fit` depended on the table
};

class EmbeddingMetrics {
 public:
  explicit EmbeddingMetrics(const ChosenLayers& layers) : layers_(layers) {}

  // Plans a metric for each sum of tables that only embeddings read (among the chosen layers) and
  // that have at most `columns` columns. Call it while the graph has its nodes.
  void plan(std::size_t columns, bool held_out);

  // The number of runs of the model for one batch.
  std::size_t runs() const;

  // Measures on one batch: `run` gives an output of the model on it, and is called runs() + 1 times
  // with changed tables. Every fourth batch is held out where the plan says so. Outputs that are no
  // floats are ignored. After an error of `run`, which is returned, the batch may count for some
  // tables only.
  using Run = std::function<Result<Tensor>()>;
  Status measure(const Run& run);
  void clear();

  // The metric of a table; null where it is not known: not measured, an output that does not depend
  // on the table, or no batch held out where one should be.
  const EmbeddingMetric* of(std::size_t weight) const;

 private:
  Result<std::vector<float>> jacobian(const EmbeddingMetric& metric, std::span<const float> plain,
                                      const Run& run) const;

  const ChosenLayers& layers_;
  bool held_out_ = false;
  std::vector<EmbeddingMetric> metrics_;
  std::vector<std::optional<std::size_t>> metric_of_;  // [weight]
};

// Perturbs column k of the table: W + step * s_r e_k; the signs follow from `seed`.
void perturb_column(std::span<float> table, std::size_t cols, std::size_t k, double step,
                    std::uint64_t seed);

// The step for a table of these values: large against FP32 rounding errors, small enough for y to
// stay nearly linear. 0 for a table of zeros.
double perturbation(std::span<const float> values);

// The difference (perturbed - plain) / step. A long output is replaced by 4096 sums of its elements
// with random signs, which keeps products of two outputs in the mean. Values that are not finite
// count as 0.
std::vector<float> sketched_difference(std::span<const float> perturbed,
                                       std::span<const float> plain, double step);

}  // namespace posittune::engine
