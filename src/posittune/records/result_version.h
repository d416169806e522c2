#pragma once

// Which results a journal may serve: its keys hold this version, so that rows of older ones are
// measured again.

#include <string>

#include "posittune/base/version.h"

namespace posittune::records {

// Raised by hand whenever a change of formats, kernels, quant, engine, evaluation, metrics,
// sensitivity, search or tuning changes a number or a choice, or finds that older ones were wrong.
//   1  0.x without a version of its own
//   2  runs in which a layer failed were kept with the outputs of the run before
//   3  scale rules: the best power of two, output scales of activations, floats that saturate; the
//      contest of a search
//   4  FP32 products of layers by another kernel, whose sums differ in the last digits
inline constexpr int kResultVersion = 4;

inline std::string result_version() {
  return std::string(kVersion) + "/" + std::to_string(kResultVersion);
}

}  // namespace posittune::records
