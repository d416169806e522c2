#include "posittune/formats/arithmetic.h"

#include <cassert>

#include "posittune/formats/posit.h"

namespace posittune::formats {
namespace {

using Wide = unsigned __int128;
using Kind = Unpacked::Kind;

// Exact product of two finite values: significands have at most 30 bits set at the top, so the
// product fits in 64 bits. (posit<32,0> has the most: 30.)
Unpacked multiply(const Unpacked& a, const Unpacked& b) {
  const std::uint64_t product = (a.significand >> 32) * (b.significand >> 32);
  return normalized(a.negative != b.negative, product, a.exponent + b.exponent - 62);
}

// Normalises a 128-bit magnitude * 2^scale to 64 bits and a sticky bit.
Unpacked narrow(bool negative, Wide magnitude, int scale, bool sticky) {
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  if (high == 0) return normalized(negative, static_cast<std::uint64_t>(magnitude), scale, sticky);
  const int lead = std::countl_zero(high);
  const Wide top = magnitude << lead;
  const bool rest = static_cast<std::uint64_t>(top) != 0;
  return normalized(negative, static_cast<std::uint64_t>(top >> 64), scale + 64 - lead,
                    sticky || rest);
}

// Sum of two finite values, exact but for the sticky bit. The larger one sits at bits 126..63 of a
// 128-bit word; what the smaller loses below bit 0 only matters as "something is there", because
// after a shift of 2 or more the difference cancels at most one leading bit.
Unpacked add_finite(Unpacked a, Unpacked b) {
  const bool swap =
      a.exponent < b.exponent || (a.exponent == b.exponent && a.significand < b.significand);
  if (swap) std::swap(a, b);
  const int distance = a.exponent - b.exponent;
  const Wide large = Wide{a.significand} << 63;
  const Wide full = Wide{b.significand} << 63;
  const Wide small = distance > 127 ? 0 : full >> distance;
  const bool lost = distance > 127 || small << distance != full;
  const int scale = a.exponent - 126;
  if (a.negative == b.negative) return narrow(a.negative, large + small, scale, lost);
  const Wide difference = large - small - (lost ? 1 : 0);
  if (difference == 0) return special(Kind::kZero);
  return narrow(a.negative, difference, scale, lost);
}

bool any_nar(const Unpacked& a, const Unpacked& b) {
  return a.kind == Kind::kNan || b.kind == Kind::kNan;
}

Unpacked add(const Unpacked& a, const Unpacked& b) {
  if (any_nar(a, b)) return special(Kind::kNan);
  if (a.kind == Kind::kZero) return b;
  if (b.kind == Kind::kZero) return a;
  return add_finite(a, b);
}

Unpacked product(const Unpacked& a, const Unpacked& b) {
  if (any_nar(a, b)) return special(Kind::kNan);
  if (a.kind == Kind::kZero || b.kind == Kind::kZero) return special(Kind::kZero);
  return multiply(a, b);
}

}  // namespace

std::uint32_t posit_add(const Format& f, std::uint32_t a, std::uint32_t b) {
  return posit_pack(f, add(posit_unpack(f, a), posit_unpack(f, b)));
}

std::uint32_t posit_mul(const Format& f, std::uint32_t a, std::uint32_t b) {
  return posit_pack(f, product(posit_unpack(f, a), posit_unpack(f, b)));
}

std::uint32_t posit_fma(const Format& f, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return posit_pack(f, add(product(posit_unpack(f, a), posit_unpack(f, b)), posit_unpack(f, c)));
}

}  // namespace posittune::formats
