#include "posittune/engine/exact_dot.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace posittune::engine {
namespace {

constexpr std::uint32_t kCarryPeriod = 1u << 28;  // limbs grow by less than 2^33 a product

}  // namespace

// |a * b| = m * 2^e exactly in double, e >= -350: it touches at most three limbs.
void ExactSum::add_product(float a, float b) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  if (product == 0) return;
  const auto bits = std::bit_cast<std::uint64_t>(product);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF) - 1075;  // never a subnormal double
  const std::uint64_t mantissa = (bits & ((std::uint64_t{1} << 52) - 1)) | std::uint64_t{1} << 52;
  const int position = exponent - kLowest;
  const int limb = position >> 5, shift = position & 31;
  const std::uint64_t low = mantissa << shift;                           // bits 0..63
  const std::uint64_t high = shift == 0 ? 0 : mantissa >> (64 - shift);  // bits 64..
  const std::int64_t sign = (bits >> 63) != 0 ? -1 : 1;
  const auto at = static_cast<std::size_t>(limb);
  limbs_[at] += sign * static_cast<std::int64_t>(low & 0xFFFFFFFF);
  limbs_[at + 1] += sign * static_cast<std::int64_t>(low >> 32);
  limbs_[at + 2] += sign * static_cast<std::int64_t>(high);
  if (++pending_ == kCarryPeriod) propagate();
}

// Leaves every limb but the last in [0, 2^32).
void ExactSum::propagate() {
  for (std::size_t i = 0; i + 1 < kLimbs; ++i) {
    const std::int64_t carry = limbs_[i] >> 32;
    limbs_[i] -= carry * (std::int64_t{1} << 32);
    limbs_[i + 1] += carry;
  }
  pending_ = 0;
}

float ExactSum::to_float() const {
  ExactSum sum = *this;
  sum.propagate();
  const bool negative = sum.limbs_[kLimbs - 1] < 0;
  if (negative) {
    for (std::int64_t& limb : sum.limbs_) limb = -limb;
    sum.propagate();
  }
  int top = kLimbs - 1;
  while (top >= 0 && sum.limbs_[static_cast<std::size_t>(top)] == 0) --top;
  if (top < 0) return 0;
  // The leading 64 bits and one more that is set when anything below is.
  const auto limb = [&](int i) {
    return i < 0 ? std::uint64_t{0}
                 : static_cast<std::uint64_t>(sum.limbs_[static_cast<std::size_t>(i)]);
  };
  const int lead = std::countl_zero(static_cast<std::uint32_t>(limb(top)));
  std::uint64_t head = limb(top) << 32 | limb(top - 1);
  if (lead > 0) head = head << lead | limb(top - 2) >> (32 - lead);
  bool sticky = lead > 0 ? (limb(top - 2) << lead & 0xFFFFFFFF) != 0 : limb(top - 2) != 0;
  for (int i = top - 3; i >= 0 && !sticky; --i) sticky = limb(i) != 0;
  // head is in [2^63, 2^64), value head * 2^exponent.
  const int exponent = kLowest + 32 * top - 32 - lead;
  // fp32's last bit at this size: 24 bits, or fewer below the smallest normal.
  const int drop = std::max(40, -149 - exponent);
  std::uint64_t kept = 0;
  if (drop < 64) {
    kept = head >> drop;
    const std::uint64_t rest = head << (64 - drop);
    const std::uint64_t half = std::uint64_t{1} << 63;
    if (rest > half || (rest == half && (sticky || (kept & 1) != 0))) ++kept;
  } else if (drop == 64) {
    kept = head > (std::uint64_t{1} << 63) || sticky ? 1 : 0;
  }
  const float value = static_cast<float>(std::ldexp(static_cast<double>(kept), exponent + drop));
  return negative ? -value : value;
}

float exact_dot(std::span<const float> a, std::span<const float> b) {
  ExactSum sum;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i]))
      return std::numeric_limits<float>::quiet_NaN();
    sum.add_product(a[i], b[i]);
  }
  return sum.to_float();
}

}  // namespace posittune::engine
