#pragma once

#include <vector>

namespace posittune::engine {

// What a changed setting does to a layer's output, mean over calibration tokens (or images) of sums
// of squares; of embeddings that were measured: to the model's, mean over its elements.
struct OutputError {
  std::vector<double> channels;  // by output channel; empty for inputs of matrix products
  double error = 0;              // their sum
  double signal = 0;             // of the FP32 output itself
};

}  // namespace posittune::engine
