#include "oracle/model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace posittune::oracle {

double Value::to_double() const {
  if (kind == Kind::kNan) return std::numeric_limits<double>::quiet_NaN();
  const double magnitude =
      kind == Kind::kInfinite ? std::numeric_limits<double>::infinity() : number.abs().to_double();
  return negative ? -magnitude : magnitude;
}

std::uint32_t nearest(const Model& model, const Dyadic& x) {
  // Invariant: the position sought is in [low, high].
  std::int64_t low = model.first(), high = model.last();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const Boundary boundary = model.above(middle);
    const bool up = x > boundary.at || (x == boundary.at && boundary.tie_up);
    if (up) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return model.code_at(low);
}

std::uint32_t encode(const Model& model, double x) {
  if (std::isnan(x)) return model.nan_result();
  if (std::isinf(x)) return model.infinity_result(x < 0);
  if (x == 0) return model.zero_result(std::signbit(x));
  const std::uint32_t code = nearest(model, Dyadic(x));
  return code == 0 ? model.zero_result(std::signbit(x)) : code;
}

namespace {

// The first position in [1, last] whose value is at least `bound`; last + 1 when there is none.
std::int64_t first_at_least(const Model& model, const Dyadic& bound) {
  std::int64_t low = 1, high = model.last() + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const Value v = model.value(model.code_at(middle));
    if (!v.finite() || v.number >= bound) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

bool held_by_float(const Model& model, std::int64_t position) {
  const Value v = model.value(model.code_at(position));
  return v.finite() && v.number.fits_float();
}

}  // namespace

FloatRange float_range(const Model& model) {
  std::int64_t low = first_at_least(model, Dyadic::power_of_two(-149));
  while (!held_by_float(model, low)) ++low;
  std::int64_t high = first_at_least(model, Dyadic::power_of_two(128)) - 1;
  while (!held_by_float(model, high)) --high;
  return {model.value(model.code_at(low)).to_double(),
          model.value(model.code_at(high)).to_double()};
}

double clamp_to_float(const FloatRange& range, double rounded) {
  if (!std::isfinite(rounded) || rounded == 0) return rounded;
  return std::copysign(std::clamp(std::abs(rounded), range.low, range.high), rounded);
}

int shared_exponent(const Model& element, double absmax) {
  // emax: the exponent of the largest normal number of the element.
  std::int64_t top = element.last();
  while (!element.value(element.code_at(top)).finite()) --top;
  const int emax = element.value(element.code_at(top)).number.floor_log2();
  if (absmax == 0) return -127;
  return std::clamp(Dyadic(absmax).floor_log2() - emax, -127, 127);
}

}  // namespace posittune::oracle
