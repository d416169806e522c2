#pragma once

// Fixed batches: models whose first dimension is fixed, run with fewer items.

#include <cstddef>
#include <vector>

#include "posittune/base/tensor.h"

namespace posittune::engine {

struct FilledBatch {
  Tensors inputs;
  std::size_t items = 0, batch = 0;  // batch 0: nothing had to be filled, and `inputs` is empty
};

// Fills up inputs that have fewer items than the model's fixed batch: the items are repeated in
// turn, so that statistics of calibration see these items only.
FilledBatch fill_batch(const std::vector<TensorInfo>& infos, const Tensors& inputs);

// Removes the rows of the repeated items from outputs.
void leave_out_filling(const FilledBatch& filled, Tensors& outputs);

}  // namespace posittune::engine
