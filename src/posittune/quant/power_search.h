#pragma once

// The best power of two (internal to scale_rules.cc, which says why it is the best of all), and the
// landmarks that it starts from.

#include <span>
#include <vector>

#include "posittune/quant/scale_rules.h"

namespace posittune::quant {

// The largest exponent of a scale, to both sides: a scale and its reciprocal are then normal
// floats.
inline constexpr int kMaxScaleExponent = 125;
float usable(double scale);
float power(int exponent);

// Largest value that a float tensor can take; posits may go on beyond it.
double largest(const formats::Format& format);
int nearest_exponent(double ratio);

// Landmarks: exponents of the powers of two where absmax just fits (`fit`), and where rms is at the
// centre (`bulk`), of data that are not all zero. Landmarks far apart (posits with es = 4 fit
// absmax 2^100 above their centre) keep the end at the centre, where those formats are precise.
struct Landmarks {
  int fit, bulk;
};
Landmarks landmarks(const formats::Format& format, const kernels::Statistics& s);

// The best power of two for each unit; 1 where all is zero.
Result<std::vector<float>> best_powers(const formats::Format& format, std::span<const Unit> units,
                                       const Measure& measure);

}  // namespace posittune::quant
