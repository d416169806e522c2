#include "posittune/base/half.h"

#include <bit>
#include <cmath>

namespace posittune {
namespace {

// Patterns of floats: the exponents' biases differ by 127 - 15, the fractions by 13 bits.
constexpr std::uint32_t kBias = std::uint32_t{127 - 15} << 23;
constexpr std::uint32_t kInfinite = 0x7f800000;
constexpr std::uint32_t kSmallestNormal = kBias + (1U << 23);  // 2^-14
constexpr std::uint32_t kTooLarge = 0x477ff000;                // 65520, half way to 2^16

std::uint32_t rounded(std::uint32_t magnitude) {
  if (magnitude > kInfinite) return 0x7e00;
  if (magnitude >= kTooLarge) return 0x7c00;
  if (magnitude < kSmallestNormal) {
    // A number of steps of 2^-24, which is also the pattern; 2^10 of them are the smallest normal.
    return static_cast<std::uint32_t>(std::nearbyint(std::bit_cast<float>(magnitude) * 0x1p24F));
  }
  const std::uint32_t odd = magnitude >> 13 & 1;
  return (magnitude - kBias + 0xfff + odd) >> 13;
}

}  // namespace

Half::Half(float x) {
  const auto pattern = std::bit_cast<std::uint32_t>(x);
  bits = static_cast<std::uint16_t>((pattern >> 16 & 0x8000) | rounded(pattern & 0x7fffffff));
}

Half::operator float() const {
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | kInfinite | magnitude << 13);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | (kBias + (magnitude << 13)));
  return std::copysign(static_cast<float>(magnitude) * 0x1p-24F, std::bit_cast<float>(sign | 1));
}

}  // namespace posittune
