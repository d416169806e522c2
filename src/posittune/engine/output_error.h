#pragma once

#include <vector>

namespace posittune::engine {

// The output error of a layer under a setting: the mean over calibration tokens (or images) of the
// sum of squared differences at its output; for embeddings that were measured, at the model's
// output, mean over its elements.
struct OutputError {
  std::vector<double> channels;  // by output channel; empty for inputs of matrix products
  double error = 0;              // their sum
  double signal = 0;             // of the FP32 output itself
};

}  // namespace posittune::engine
