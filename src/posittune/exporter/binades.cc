#include "posittune/exporter/binades.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"

namespace posittune::exporter {
namespace {

using formats::Format;

constexpr int kMaxBits = 16;
constexpr int kMinExponent = -126, kMaxExponent = 127;  // of normal floats

// The least float in [low, high] that rounds to `value`, which high does: rounding is monotone.
float first_that_rounds_to(const Format& format, float value, float low, float high) {
  auto below = std::bit_cast<std::uint32_t>(low), above = std::bit_cast<std::uint32_t>(high);
  if (formats::round_to_float(format, low) == value) return low;
  while (above - below > 1) {
    const std::uint32_t middle = below + (above - below) / 2;
    const bool there = formats::round_to_float(format, std::bit_cast<float>(middle)) == value;
    (there ? above : below) = middle;
  }
  return std::bit_cast<float>(above);
}

// A binade of values that start at `begin` and are `step` apart rounds by that step. With at least
// two steps the parity of a value's code is that of its multiple of the step.
Binade uniform(double step) { return {.step = static_cast<float>(step)}; }

Binade binade_of(const Format& format, const std::vector<float>& values, float begin, float end) {
  const auto inside = std::ranges::lower_bound(values, begin);
  const bool starts = inside != values.end() && *inside == begin;
  if (starts && inside + 1 != values.end() && *(inside + 1) < end) {
    return uniform(double{*(inside + 1)} - double{begin});
  }
  const float last = std::min(std::nextafter(end, 0.0F), std::max(begin, values.back()));
  const float lower = formats::round_to_float(format, begin);
  const float upper = formats::round_to_float(format, last);
  const float threshold = lower == upper ? std::numeric_limits<float>::infinity()
                                         : first_that_rounds_to(format, upper, begin, last);
  return {.step = 0, .lower = lower, .upper = upper, .threshold = threshold};
}

}  // namespace

float Binades::round(float x) const {
  const float a = std::min(std::abs(x), largest);
  if (a == 0) return 0;
  const int exponent = std::max(a < 0x1p-126F ? kMinExponent : std::ilogb(a), first);
  const Binade& at = binades[static_cast<std::size_t>(exponent - first)];
  const float rounded = at.step > 0 ? std::nearbyint(a / at.step) * at.step
                                    : (a < at.threshold ? at.lower : at.upper);
  return std::copysign(rounded, x);
}

std::optional<Binades> binades_of(const Format& plain) {
  const Format format = formats::saturating(plain.block > 0 ? formats::element(plain) : plain);
  if (format.bits > kMaxBits) return std::nullopt;
  std::vector<float> values;
  bool tiny = false;  // some values are no normal floats
  for (const double value : formats::value_table(format)) {
    if (!std::isfinite(value) || value <= 0) continue;
    const auto as_float = static_cast<float>(value);
    const bool normal = double{as_float} == value && std::isnormal(as_float);
    if (normal) values.push_back(as_float);
    tiny = tiny || (!normal && value < 1);
  }
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const float largest = formats::float_range(format).high;
  // Two binades below the smallest value: one where some round up to it, one where none does.
  const int first = tiny ? kMinExponent : std::ilogb(values.front()) - 2;
  Binades made{.first = std::max(first, kMinExponent), .largest = largest, .binades = {}};
  for (int e = made.first; e <= std::ilogb(largest); ++e) {
    const float begin = std::ldexp(1.0F, e);
    const float end = e == kMaxExponent ? std::numeric_limits<float>::infinity() : 2 * begin;
    made.binades.push_back(binade_of(format, values, begin, end));
    float& step = made.binades.back().step;
    if (step != 0) step = std::max(step, std::numeric_limits<float>::min());
  }
  return made;
}

}  // namespace posittune::exporter
