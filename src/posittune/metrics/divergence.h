#pragma once

// Divergence, the one number that sensitivity and search use: how far a model's output is from
// FP32's.

#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/scorer.h"

namespace posittune::metrics {

struct ItemDivergence {
  // The sum, in nats. For kGeneric: sum (x - y)^2 / sum x^2 of the item, 0 for equal items; for
  // kAgreement: the number of elements that differ.
  double sum = 0;
  // Count of what the sum is over: of tokens that predict another one, of steps, of positions, or
  // (kAgreement) of elements; 1 for other tasks.
  double count = 0;
};

// Computes the loss of the task (loss_of) for each item of a batch, by the rules of Scorer's `kl`,
// `rel_sq_error` or 1 - `agreement`: over a data set, the sum of sums over the sum of counts is
// that metric. Both outputs are those of Scorer::add(). kInput when their shapes differ or do not
// fit the task, and where FP32's rows are not scores of the kind that the options name.
// `first_item`: number of the batch's first item, for messages.
Result<std::vector<ItemDivergence>> divergence(Task task, const ScorerOptions& options,
                                               const Tensors& inputs, const Tensor& reference,
                                               const Tensor& output, std::size_t first_item = 0);

}  // namespace posittune::metrics
