#pragma once

// The one number that sensitivity and search look at: how far a model's output is from FP32's.

#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/scorer.h"

namespace posittune::metrics {

struct ItemDivergence {
  double sum = 0;    // in nats; kGeneric: sum (x - y)^2 / sum x^2 of the item, 0 for equal items
  double count = 0;  // of tokens that predict another; 1 for other tasks
};

// KL(P_fp32 || P) of each item of a batch, with the positions and conventions of Scorer's `kl`: the sum
// over a data set's items over the sum of counts is that metric. Both outputs are those of Scorer::add();
// kInput when their shapes differ or do not fit the task.
Result<std::vector<ItemDivergence>> divergence(Task task, const ScorerOptions& options, const Tensors& inputs,
                                               const Tensor& reference, const Tensor& output);

}  // namespace posittune::metrics
