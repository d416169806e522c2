#pragma once

// Verification of an export: how its outputs differ from the model's, and its metrics.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/records/comparison.h"

namespace posittune::records {

// An output of float numbers, over all items.
struct OutputDifference {
  std::string output;
  double largest = 0;   // max |y' - y|
  double relative = 0;  // RMS of y' - y over RMS of y
  bool operator==(const OutputDifference&) const = default;
};

struct Verification {
  Comparison comparison;  // one row, whose format is "exported"
  std::string exported, runtime;
  std::uint64_t units = 0;  // of the bootstrap
  std::vector<OutputDifference> differences;
  double seconds = 0, exported_seconds = 0;  // in the runtime
};

std::string json_text(const Verification& verification);  // the JSON document

}  // namespace posittune::records
