#pragma once

// Rounding of an array: scales, errors and counts; the result of `posittune quantize`.
//
// As JSON: {"rows": [{"format", "rule", "elements", "sqnr_db": number or null, "exact",
// "max_error", "saturated", "overflowed", "to_zero", "nonfinite", "scales": [...], "output",
// "seconds"}]}

#include <cstdint>
#include <string>
#include <vector>

namespace posittune::records {

struct Rounding {
  std::string format;
  bool standard = true;       // a format of some standard
  std::string nan_name{};     // the format's own name for NaN: "NaR"; empty: none
  std::string rule;           // scale rule; "given": scales of the caller
  std::vector<float> scales;  // one, or one for each channel
  // Counts of elements, see kernels/statistics.h.
  std::uint64_t elements = 0, saturated = 0, overflowed = 0, to_zero = 0, nonfinite = 0;
  double signal = 0, noise = 0;  // sum x^2, sum (y - x)^2
  double sqnr_db = 0;
  float max_error = 0;
  std::string output;  // name of the file that was written
  bool codes = false;  // true: the file holds codes; false: float32 values
  double seconds = 0;
};

// The JSON document; it ends in a newline.
std::string json_text(const Rounding& rounding);

}  // namespace posittune::records
