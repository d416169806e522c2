#pragma once

// Models whose first dimension is fixed, and batches with fewer items.

#include <cstddef>
#include <vector>

#include "posittune/base/tensor.h"

namespace posittune::engine {

struct FilledBatch {
  Tensors inputs;
  std::size_t items = 0, batch = 0;  // batch 0: nothing was to fill, and `inputs` is empty
};

// Inputs of fewer items than the model's fixed batch are filled up by repeating them in turn, so
// that statistics of calibration hold none but them.
FilledBatch fill_batch(const std::vector<TensorInfo>& infos, const Tensors& inputs);

// Leaves out the rows that come of the filling.
void leave_out_filling(const FilledBatch& filled, Tensors& outputs);

}  // namespace posittune::engine
