#pragma once

// Element-wise pieces of the KL divergence, in float and without branches, so that compilers make
// vectors of the loops around them. Choices are masks of bits made by comparing integers: a
// comparison of floats may trap, and keeps GCC from it.

#include <bit>
#include <cstdint>

namespace posittune::metrics {

// The bits of |x|: as integers in the order of the magnitudes, NaN above infinity.
inline std::int32_t magnitude_bits(float x) {
  return std::bit_cast<std::int32_t>(x) & 0x7fffffff;
}
inline constexpr std::int32_t kInfinityBits = 0x7f800000;

// x where `condition`, +0 elsewhere.
inline float keep_if(bool condition, float x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) &
                              (0u - static_cast<std::uint32_t>(condition)));
}

// Below this, exp_softmax gives 0. A class that much less likely than the best one changes no sum;
// and products with small probabilities stay normal floats, which are many times faster.
inline constexpr float kLeastExponent = -64.0f;

// e^x for x <= 0 with a relative error below 2e-7; 0 for x < kLeastExponent; NaN for NaN.
inline float exp_softmax(float x) {
  // x = n ln 2 + r, |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds to an integer in the low bits.
  constexpr float kRound = 12582912.0f;
  constexpr float kLog2E = 1.44269504f;
  // ln 2 in two parts; n times the first is exact for |n| < 2^9.
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  // Taylor; the first term left out is r^8 / 8! < 6e-9.
  float e = 1.0f / 5040;
  e = e * r + 1.0f / 720;
  e = e * r + 1.0f / 120;
  e = e * r + 1.0f / 24;
  e = e * r + 1.0f / 6;
  e = e * r + 0.5f;
  e = e * r + 1.0f;
  e = e * r + 1.0f;
  const float power = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + 127u) << 23);
  const std::int32_t size = magnitude_bits(x);
  const bool vanishes = (size > std::bit_cast<std::int32_t>(-kLeastExponent)) & (size <= kInfinityBits);
  return keep_if(!vanishes, e * power);
}

// q - p - p t with t = log(q / p): the class's part of KL(P || Q), as the parts of q - p sum to 0.
// Unlike p log(p / q) it is never negative, so nothing cancels in the sum over classes: a divergence of
// 1e-12 nats is still right to about 5 digits. Where P or Q is 0: p = 0 gives q; q = 0 gives
// infinity, as t does.
inline float kl_part(float p, float q, float t) {
  constexpr float kNear = 0.5f;
  const bool near = magnitude_bits(t) < std::bit_cast<std::int32_t>(kNear);
  const float s = keep_if(near, t);
  // (e^s - 1 - s) / s^2; the first term left out is below 5e-8 of it.
  float h = 1.0f / 40320;
  h = h * s + 1.0f / 5040;
  h = h * s + 1.0f / 720;
  h = h * s + 1.0f / 120;
  h = h * s + 1.0f / 24;
  h = h * s + 1.0f / 6;
  h = h * s + 0.5f;
  const float product = keep_if(magnitude_bits(p) != 0, p * t);  // 0 * inf is NaN
  // One of the two is 0.
  return p * (s * s * h) + keep_if(!near, (q - p) - product);
}

}  // namespace posittune::metrics
