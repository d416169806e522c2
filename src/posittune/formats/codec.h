#pragma once

// Scalar codecs: exact and total. They are the plain twin that the array kernels are checked
// against.
//
// For block formats these functions work on the *element* grid (before the shared scale); block.h
// has the scale.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::formats {

// Facts of a format, all exact. Values are in grid units (scale 1).
struct Traits {
  double max;            // largest finite value
  double min;            // smallest positive value (minpos; smallest subnormal; 1 for int)
  double min_normal;     // float: smallest normal; else = min
  double epsilon;        // distance from 1 to the next larger value; 0 where 1 is the largest
  int significand_bits;  // most bits, hidden one included, that any value needs
  // posit: NaR; int: the unused code -2^(n-1); float: a quiet NaN. None: no code for NaN.
  std::optional<std::uint32_t> nan_code;
  bool has_infinity;
  bool has_negative_zero;
  bool standard;       // false: a variant that no standard document defines
  std::string source;  // the document that defines it
};
Traits traits(const Format& format);

// Number of codes, 2^bits.
inline std::uint64_t code_count(const Format& format) { return std::uint64_t{1} << format.bits; }

// The value of a code (bits above format.bits are ignored): exact in double for every format.
// NaR and NaN give a quiet NaN.
double decode(const Format& format, std::uint32_t code);

// The code nearest to x: round to nearest, ties to even (posit: on the bit string, posit standard
// 2022 section 4.1; a nonzero x never gives zero nor NaR).
//   NaN  -> nan_code; formats without one (fp6, fp4): the code of +max, see round()
//   +-inf -> posit: NaR; int and floats up to 8 bits: +-max (OCP saturating mode); wider: +-inf
//   overflow -> int, posit, floats up to 8 bits: +-max; wider floats: +-inf
std::uint32_t encode(const Format& format, double x);

// decode(encode(x)), except that NaN stays NaN in formats that have no code for it.
double round(const Format& format, double x);

// Rounds elements of fp32 tensors: as round(), but posits whose range exceeds fp32's (for example
// posit<16,4>) are clamped to the grid values that fp32 holds, so that a finite x never becomes an
// infinity or zero.
float round_to_float(const Format& format, float x);

// Smallest and largest positive grid values that fp32 holds exactly (for most formats: min and
// max).
struct FloatRange {
  float low, high;
};
FloatRange float_range(const Format& format);

// The centre of a format, where it is most precise, in grid units: scales bring most of the data
// there. 1 for posits, floats and blocks; a quarter of the largest value for ints, so that a normal
// distribution's tails stay inside.
double centre(const Format& format);

// All values in code order; bits <= 16.
std::vector<double> value_table(const Format& format);

// Decimal accuracy -log10(|log10(round(x) / x)|) in the worst place of each gap between
// neighbouring positive values (Gustafson, "Beating Floating Point at its Own Game", 2017): pairs
// (x at the boundary, accuracy).
struct AccuracyPoint {
  double x;
  double decimals;
};
std::vector<AccuracyPoint> decimal_accuracy(const Format& format, std::size_t max_points = 4096);

}  // namespace posittune::formats
