#pragma once

// Unpacked numbers, the one form between decode, operate, round and encode: sign, exponent, 64-bit
// significand.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace posittune::formats {

// A number: value = (-1)^negative * significand * 2^(exponent - 63), bit 63 of the significand set;
// `sticky` says that a nonzero part below the last bit was cut off.
struct Unpacked {
  enum class Kind : std::uint8_t { kZero, kFinite, kInfinite, kNan };
  Kind kind = Kind::kZero;
  bool negative = false;
  bool sticky = false;
  int exponent = 0;
  std::uint64_t significand = 0;
};

inline Unpacked special(Unpacked::Kind kind, bool negative = false) {
  return {.kind = kind, .negative = negative};
}

// Normalises significand * 2^scale; significand != 0.
inline Unpacked normalized(bool negative, std::uint64_t significand, int scale,
                           bool sticky = false) {
  const int lead = std::countl_zero(significand);
  return {.kind = Unpacked::Kind::kFinite,
          .negative = negative,
          .sticky = sticky,
          .exponent = scale + 63 - lead,
          .significand = significand << lead};
}

inline Unpacked unpack(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const bool negative = (bits >> 63) != 0;
  const int field = static_cast<int>(bits >> 52 & 0x7ff);
  const std::uint64_t fraction = bits & 0xf'ffff'ffff'ffff;
  if (field == 0x7ff) {
    return special(fraction != 0 ? Unpacked::Kind::kNan : Unpacked::Kind::kInfinite, negative);
  }
  if (field == 0) {
    if (fraction == 0) return special(Unpacked::Kind::kZero, negative);
    return normalized(negative, fraction, -1074);
  }
  return {.kind = Unpacked::Kind::kFinite,
          .negative = negative,
          .exponent = field - 1023,
          .significand = (fraction | std::uint64_t{1} << 52) << 11};
}

// The value as a double. Exact while the significand has at most 53 bits and the exponent is in
// double's normal range, which holds for every format here.
inline double pack(const Unpacked& u) {
  double magnitude = 0;
  switch (u.kind) {
    case Unpacked::Kind::kZero:
      magnitude = 0;
      break;
    case Unpacked::Kind::kInfinite:
      magnitude = std::numeric_limits<double>::infinity();
      break;
    case Unpacked::Kind::kNan:
      return std::numeric_limits<double>::quiet_NaN();
    case Unpacked::Kind::kFinite:
      magnitude = std::bit_cast<double>(static_cast<std::uint64_t>(u.exponent + 1023) << 52 |
                                        (u.significand >> 11 & 0xf'ffff'ffff'ffff));
  }
  return u.negative ? -magnitude : magnitude;
}

// Rounds to nearest, ties to even: drops the low `drop` bits (0..127) of a bit string.
inline std::uint64_t round_string(unsigned __int128 bits, int drop, bool sticky) {
  if (drop == 0) return static_cast<std::uint64_t>(bits);
  const auto kept = static_cast<std::uint64_t>(bits >> drop);
  const bool guard = (bits >> (drop - 1) & 1) != 0;
  const auto below = (static_cast<unsigned __int128>(1) << (drop - 1)) - 1;
  const bool rest = sticky || (bits & below) != 0;
  return kept + (guard && (rest || (kept & 1) != 0) ? 1 : 0);
}

}  // namespace posittune::formats
