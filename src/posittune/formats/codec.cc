#include "posittune/formats/codec.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "posittune/formats/block.h"
#include "posittune/formats/family.h"

namespace posittune::formats {
namespace {

bool fits_float(double x) {
  return std::fabs(x) <= FLT_MAX && static_cast<double>(static_cast<float>(x)) == x;
}

std::uint32_t max_code(const Format& format) { return encode(format, traits(format).max); }

}  // namespace

Traits traits(const Format& format) { return family_ops(format.family).traits(element(format)); }

double decode(const Format& format, std::uint32_t code) {
  return pack(family_ops(format.family).decode(format, code));
}

std::uint32_t encode(const Format& format, double x) {
  return family_ops(format.family).encode(format, unpack(x));
}

double round(const Format& format, double x) {
  if (std::isnan(x)) return std::numeric_limits<double>::quiet_NaN();
  return decode(format, encode(format, x));
}

FloatRange float_range(const Format& format) {
  const Traits t = traits(format);
  FloatRange range{FLT_TRUE_MIN, FLT_MAX};
  if (fits_float(t.max)) {
    range.high = static_cast<float>(t.max);
  } else {
    std::uint32_t code = encode(format, FLT_MAX);
    while (!fits_float(decode(format, code))) --code;
    range.high = static_cast<float>(decode(format, code));
  }
  if (fits_float(t.min)) {
    range.low = static_cast<float>(t.min);
  } else {
    std::uint32_t code = encode(format, FLT_TRUE_MIN);
    while (!fits_float(decode(format, code))) ++code;
    range.low = static_cast<float>(decode(format, code));
  }
  return range;
}

float round_to_float(const Format& format, float x) {
  double y = x;
  if (format.family == Family::kPosit && x != 0 && std::isfinite(x)) {
    // Only a range past fp32's needs the clamp, and then no value below `low` rounds to zero.
    const FloatRange range = float_range(format);
    const Traits t = traits(format);
    const double low = fits_float(t.min) ? 0.0 : range.low;
    y = std::copysign(std::clamp(std::fabs(y), low, double{range.high}), y);
  }
  return static_cast<float>(round(format, y));
}

std::vector<double> value_table(const Format& format) {
  std::vector<double> values(code_count(format));
  for (std::size_t code = 0; code < values.size(); ++code) {
    values[code] = decode(format, static_cast<std::uint32_t>(code));
  }
  return values;
}

std::vector<AccuracyPoint> decimal_accuracy(const Format& format, std::size_t max_points) {
  const FamilyOps& ops = family_ops(format.family);
  const std::uint64_t gaps = max_code(format) - 1;  // positive codes are 1 .. max, in value order
  const std::uint64_t points = std::min<std::uint64_t>(gaps, max_points);
  std::vector<AccuracyPoint> curve;
  for (std::uint64_t i = 0; i < points; ++i) {
    const auto code = static_cast<std::uint32_t>(1 + i * gaps / points);
    const double tie = ops.boundary_above(element(format), code);
    const double below = std::log10(tie / decode(format, code));
    const double above = std::log10(decode(format, code + 1) / tie);
    curve.push_back({tie, -std::log10(std::max(below, above))});
  }
  return curve;
}

double middle_above(const Format& format, std::uint32_t code) {
  return (decode(format, code) + decode(format, code + 1)) / 2;
}

}  // namespace posittune::formats
