#pragma once

#include <vector>

namespace posittune::engine {

// OutputError: how far a setting moves the output of a layer: the mean over calibration tokens (or
// images) of the sum of squared differences at the layer's output. For embeddings that were
// measured it is the difference at the model's output instead, the mean over its elements.
struct OutputError {
  std::vector<double> channels;  // one per output channel; empty for inputs of products
  double error = 0;              // their sum
  double signal = 0;             // the same sum of squares for the FP32 output itself
};

}  // namespace posittune::engine
