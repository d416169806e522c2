#pragma once

// Rounding, encoding and decoding of one number, and the sums of a search for scales: plain integer
// and float operations, the same bits as the plain twin (kernels/scalar.h) on a CPU and on a
// device. The algorithms are those of kernels/rounding-inl.h and decoding-inl.h; multiplications
// and additions must not be contracted (nvcc --fmad=false, g++ -ffp-contract=off) and subnormals
// kept.

#include <cstdint>
#include <cstring>

#include "posittune/cuda/parameters.h"

#ifdef __CUDACC__
#define POSITTUNE_HOST_DEVICE __host__ __device__ inline
#else
#define POSITTUNE_HOST_DEVICE inline
#endif

namespace posittune::cuda {

inline constexpr std::uint32_t kSign = 0x8000'0000, kMagnitude = 0x7fff'ffff;
inline constexpr std::uint32_t kInfinity = 0x7f80'0000, kNan = 0x7fc0'0000, kOne = 0x3f80'0000;

POSITTUNE_HOST_DEVICE std::uint32_t pattern_of(float x) {
  std::uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
POSITTUNE_HOST_DEVICE float float_of(std::uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
POSITTUNE_HOST_DEVICE std::uint32_t smaller(std::uint32_t a, std::uint32_t b) {
  return a < b ? a : b;
}
POSITTUNE_HOST_DEVICE std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
  return a < b ? b : a;
}
// All ones where bit 31 is set.
POSITTUNE_HOST_DEVICE std::uint32_t sign_mask(std::uint32_t x) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(x) >> 31);
}
// Position of the highest bit; x > 0. Without the bit below it the conversion cannot round up.
POSITTUNE_HOST_DEVICE std::int32_t top_bit(std::uint32_t x) {
  return static_cast<std::int32_t>(pattern_of(static_cast<float>(x & ~(x >> 1))) >> 23) - 127;
}

// A scale as the kernels of a device use it: one that is not positive and finite, or whose
// reciprocal is not, makes all its results NaN, since nothing there can raise an error.
struct Scale {
  float scale, inverse;
  bool usable;
};
POSITTUNE_HOST_DEVICE Scale scale_of(float scale) {
  const float inverse = 1.0f / scale;
  const bool usable = pattern_of(scale) - 1 < kInfinity - 1 && pattern_of(inverse) < kInfinity;
  return {scale, inverse, usable};
}

// A value of a format, or NaN: then `value` has no meaning.
struct Grid {
  float value;
  bool nan;
};

template <Algorithm kAlgorithm>
struct Codec;  // round, encode: of y = x * scale; x tells zero and infinity from what scaling made

// A pattern less that of 1.0 reads as a fixed-point logarithm, and within one regime a posit is the
// top of that string: see PositRounder in kernels/rounding-inl.h.
template <>
struct Codec<Algorithm::kPosit> {
  struct Place {
    std::uint32_t clamped, w, below_one, run;
  };
  POSITTUNE_HOST_DEVICE static Place place(const Parameters& p, std::uint32_t a) {
    const std::uint32_t clamped = smaller(larger(a, p.low), p.high);
    const std::uint32_t w = clamped - kOne, below_one = sign_mask(w);
    return {clamped, w, below_one, (w ^ below_one) >> p.regime_shift};
  }
  POSITTUNE_HOST_DEVICE static bool zero(const Parameters& p, float x, std::uint32_t a) {
    return (pattern_of(x) & kMagnitude) == 0 || a < p.zero_below;
  }
  POSITTUNE_HOST_DEVICE static bool nar(float x) {
    return (pattern_of(x) & kMagnitude) >= kInfinity;
  }

  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float x, float y) {
    const std::uint32_t a = pattern_of(y) & kMagnitude;
    const Place at = place(p, a);
    const std::uint32_t drop = at.run + static_cast<std::uint32_t>(p.shift_base);
    const std::uint32_t bits = at.clamped + p.aligned;
    // Half a unit less one, plus the last kept bit: ties go to even.
    const std::uint32_t half = kMagnitude >> (32 - drop), last = bits >> drop & 1;
    const std::uint32_t rounded = ((bits + half + last) & ~std::uint32_t{0} << drop) - p.aligned;
    const std::uint32_t value = rounded | (pattern_of(y) & kSign);
    return {float_of(zero(p, x, a) ? 0 : value), nar(x)};
  }

  // The whole string without its sign, from the top of a word; the regime grows by copies of its
  // first bit. What is shifted out is kept as one sticky bit.
  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float x, float y) {
    const std::uint32_t a = pattern_of(y) & kMagnitude;
    const Place at = place(p, a);
    const std::uint32_t rest = at.w << (30 - p.regime_shift) & 0x3fff'ffff;
    const std::uint32_t string = rest | (at.below_one != 0 ? 0x4000'0000 : kSign);
    const std::uint32_t lost = string - (string >> at.run << at.run);
    const auto grown = static_cast<std::uint32_t>(static_cast<std::int32_t>(string) >> at.run);
    const std::uint32_t shifted = grown | (lost != 0 ? 1 : 0);
    const std::int32_t below = 33 - p.bits;
    const std::uint32_t half = (std::uint32_t{1} << (below - 1)) - 1, last = shifted >> below & 1;
    const std::uint32_t positive = (shifted + half + last) >> below;
    const std::uint32_t sign = sign_mask(pattern_of(y));
    const std::uint32_t code = ((positive ^ sign) - sign) & p.code_mask;
    return nar(x) ? p.nan_code : zero(p, x, a) ? 0 : code;
  }

  // The magnitude at the top of a word, | 0 | regime | exponent | fraction | 0..0 |; with the
  // regime shifted out the rest stands as in a pattern.
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    const std::uint32_t top = code << (32 - p.bits), sign = sign_mask(top);
    const std::uint32_t regime = ((top ^ sign) - sign) << 1, ones = sign_mask(regime);
    const std::uint32_t other = regime ^ ones;  // begins with zeros, `run` of them
    const std::uint32_t run = other == 0 ? 32 : static_cast<std::uint32_t>(31 - top_bit(other));
    const std::uint32_t minus_k = (run - 1) ^ ones;  // -1 - k
    const std::uint32_t rest = run < 31 ? regime << (run + 1) >> (32 - p.regime_shift) : 0;
    const std::uint32_t origin = kOne - (std::uint32_t{1} << p.regime_shift);
    const std::uint32_t value = (rest + origin - (minus_k << p.regime_shift)) | (top & kSign);
    return {float_of(top == 0 ? 0 : value), top == kSign};
  }
};

// Posits by their definition, in a 64-bit string of regime, exponent and fraction.
template <>
struct Codec<Algorithm::kPositWide> {
  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float x, float y) {
    return decode(p, encode(p, x, y));
  }

  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float x, float y) {
    const std::uint32_t magnitude = pattern_of(y) & kMagnitude;
    if ((pattern_of(x) & kMagnitude) >= kInfinity) return p.nan_code;
    if ((pattern_of(x) & kMagnitude) == 0 || magnitude < p.zero_below) return 0;
    std::uint32_t a = smaller(larger(magnitude, p.low), p.high);
    std::int32_t exponent = -127;
    if (a <= 0x7f'ffff) {  // a subnormal is a number of units of 2^-149
      a = pattern_of(static_cast<float>(a));
      exponent -= 149;
    }
    exponent += static_cast<std::int32_t>(a >> 23);
    const std::uint32_t positive = encode_positive(p, exponent, a & 0x7f'ffff);
    return ((pattern_of(y) & kSign) != 0 ? 0 - positive : positive) & p.code_mask;
  }

  POSITTUNE_HOST_DEVICE static std::uint32_t encode_positive(const Parameters& p,
                                                             std::int32_t exponent,
                                                             std::uint32_t fraction) {
    const std::int32_t n = p.bits, k = exponent >> p.es;  // floor
    if (exponent < p.flush_below) return 0;
    if (k > n - 3) return p.max_code;
    if (k < 2 - n) return 1;
    // k + 1 ones and a zero, or -k zeros and a one
    const std::uint64_t regime = k >= 0 ? (std::uint64_t{2} << (k + 1)) - 2 : 1;
    const std::uint64_t low = static_cast<std::uint32_t>(exponent) & ((1U << p.es) - 1);
    const std::uint64_t string = (regime << p.es | low) << 23 | fraction;
    const std::int32_t drop = (k >= 0 ? k + 2 : 1 - k) + p.es + 24 - n;
    if (drop <= 0) return static_cast<std::uint32_t>(string << -drop);
    const std::uint64_t half = (std::uint64_t{1} << (drop - 1)) - 1, last = string >> drop & 1;
    return static_cast<std::uint32_t>((string + half + last) >> drop);
  }

  // Decodes through a double, which holds every posit; beyond fp32's range it gives infinity or
  // zero.
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    const std::int32_t n = p.bits;
    const std::uint32_t top = code << (32 - n), sign = sign_mask(top);
    if (top == 0 || top == kSign) return {0, top == kSign};
    const std::uint32_t regime = ((top ^ sign) - sign) << 1, ones = sign_mask(regime);
    const std::uint32_t other = regime ^ ones;
    const std::int32_t run = 31 - top_bit(other);
    const std::int32_t k = ones != 0 ? run - 1 : -run;
    const std::uint64_t tail = static_cast<std::uint64_t>(regime) << 32 << run << 1;
    const auto low = static_cast<std::int32_t>(tail >> 32 >> (32 - p.es));
    const auto exponent = static_cast<std::uint64_t>(k * (1 << p.es) + low + 1023);
    const std::uint64_t bits = exponent << 52 | tail << p.es >> 12;
    double value;
    memcpy(&value, &bits, sizeof value);
    const float rounded = static_cast<float>(value);
    return {float_of(pattern_of(rounded) | (top & kSign)), false};
  }
};

// Adding C = 2^(e - Y + 23) and taking it away rounds to Y bits of mantissa; below the smallest
// normal e stays there, which gives the subnormals.
template <>
struct Codec<Algorithm::kFloat> {
  struct Sum {
    std::uint32_t exponent, c, sum;
  };
  POSITTUNE_HOST_DEVICE static Sum sum_of(const Parameters& p, float y) {
    const std::uint32_t a = smaller(pattern_of(y) & kMagnitude, p.limit);
    const std::uint32_t exponent = larger(a & kInfinity, p.min_normal);
    const std::uint32_t c = exponent + (static_cast<std::uint32_t>(23 - p.mantissa_bits) << 23);
    return {exponent, c, pattern_of(float_of(a) + float_of(c))};
  }
  POSITTUNE_HOST_DEVICE static bool is_nan(float y) {
    return (pattern_of(y) & kMagnitude) > kInfinity;
  }
  POSITTUNE_HOST_DEVICE static Grid finish(const Parameters& p, float y, std::uint32_t exact) {
    const std::uint32_t value = exact > p.largest ? p.overflow : exact;
    return {float_of(value | (pattern_of(y) & kSign)), is_nan(y)};
  }
  POSITTUNE_HOST_DEVICE static std::uint32_t finish_code(const Parameters& p, float y,
                                                         std::uint32_t positive) {
    return is_nan(y) ? p.nan_code : positive | pattern_of(y) >> 31 << (p.bits - 1);
  }

  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float, float y) {
    const Sum s = sum_of(p, y);
    return finish(p, y, pattern_of(float_of(s.sum) - float_of(s.c)));
  }
  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float, float y) {
    const Sum s = sum_of(p, y);
    const std::uint32_t field = (s.exponent - p.min_normal) >> (23 - p.mantissa_bits);
    return finish_code(p, y, field + (s.sum - s.c));
  }
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    const std::uint32_t m = code & p.code_mask >> 1;
    const std::uint32_t normal = (m << (23 - p.mantissa_bits)) + p.min_normal - 0x80'0000;
    const std::uint32_t subnormal = pattern_of(static_cast<float>(m) * p.unit);
    const std::uint32_t finite = m >> p.mantissa_bits == 0 ? subnormal : normal;
    const std::uint32_t value = m == p.inf_code ? kInfinity : finite;
    const std::uint32_t sign = code >> (p.bits - 1) << 31;
    return {float_of(value | sign), m > p.max_code && m != p.inf_code};
  }
};

// A mantissa as long as fp32's: normals are exact, and the sum of kFloat needs a bit more than
// there is.
template <>
struct Codec<Algorithm::kFloatFull> {
  using Base = Codec<Algorithm::kFloat>;
  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float, float y) {
    const std::uint32_t a = smaller(pattern_of(y) & kMagnitude, p.limit);
    const float c = float_of(p.min_normal), small = float_of(a) + c - c;
    return Base::finish(p, y, a < p.min_normal ? pattern_of(small) : a);
  }
  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float, float y) {
    const std::uint32_t a = smaller(pattern_of(y) & kMagnitude, p.limit);
    const std::uint32_t small = pattern_of(float_of(a) + float_of(p.min_normal)) - p.min_normal;
    return Base::finish_code(p, y, a < p.min_normal ? small : a - p.min_normal + 0x80'0000);
  }
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    return Base::decode(p, code);
  }
};

// The exponent field of fp32: the pattern is rounded at a fixed bit, subnormals included.
template <>
struct Codec<Algorithm::kFloatShift> {
  using Base = Codec<Algorithm::kFloat>;
  POSITTUNE_HOST_DEVICE static std::uint32_t rounded(const Parameters& p, float y) {
    const std::int32_t shift = 23 - p.mantissa_bits;
    const std::uint32_t a = pattern_of(y) & kMagnitude;
    const std::uint32_t unit = std::uint32_t{1} << shift;
    const std::uint32_t last = a >> shift & (shift == 0 ? 0 : 1);
    const std::uint32_t half = (unit >> 1) - (shift == 0 ? 0 : 1);
    return smaller((a + half + last) & (0 - unit), p.overflow);
  }
  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float, float y) {
    return {float_of(rounded(p, y) | (pattern_of(y) & kSign)), Base::is_nan(y)};
  }
  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float, float y) {
    return Base::finish_code(p, y, rounded(p, y) >> (23 - p.mantissa_bits));
  }
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    const float value = float_of(code << (23 - p.mantissa_bits));
    return {value, Base::is_nan(value)};
  }
};

// Adding 1.5 * 2^23 leaves whole numbers in the low bits of the pattern, to nearest, ties to even;
// int16 needs 16 of them.
template <>
struct Codec<Algorithm::kInt> {
  static constexpr float kWhole = 12582912;
  POSITTUNE_HOST_DEVICE static float sum_of(const Parameters& p, float y) {
    const float steps = y * p.steps;
    const float above = steps < -p.max ? -p.max : steps;
    return (above > p.max ? p.max : above) + kWhole;
  }
  POSITTUNE_HOST_DEVICE static Grid round(const Parameters& p, float, float y) {
    return {(sum_of(p, y) - kWhole) * p.unit, y != y};
  }
  POSITTUNE_HOST_DEVICE static std::uint32_t encode(const Parameters& p, float, float y) {
    const std::uint32_t code = (pattern_of(sum_of(p, y)) - pattern_of(kWhole)) & p.code_mask;
    return y != y ? p.nan_code : code;
  }
  POSITTUNE_HOST_DEVICE static Grid decode(const Parameters& p, std::uint32_t code) {
    const auto top = static_cast<std::int32_t>(code << (32 - p.bits));
    const float value = static_cast<float>(top >> (32 - p.bits)) * p.unit;
    return {value, static_cast<std::uint32_t>(top) == kSign};
  }
};

// q(x) = Q(x * s) * (1 / s).
template <Algorithm kAlgorithm>
POSITTUNE_HOST_DEVICE float quantize_one(const Parameters& p, float x, const Scale& s) {
  const Grid grid = Codec<kAlgorithm>::round(p, x, x * s.scale);
  return grid.nan || !s.usable ? float_of(kNan) : grid.value * s.inverse;
}

// The code of Q(x * s).
template <Algorithm kAlgorithm>
POSITTUNE_HOST_DEVICE std::uint32_t encode_one(const Parameters& p, float x, const Scale& s) {
  const std::uint32_t code = Codec<kAlgorithm>::encode(p, x, x * s.scale);
  return s.usable ? code : p.nan_code;
}

// value(code) * (1 / s); bits above the format's are ignored.
template <Algorithm kAlgorithm>
POSITTUNE_HOST_DEVICE float decode_one(const Parameters& p, std::uint32_t code, const Scale& s) {
  const Grid grid = Codec<kAlgorithm>::decode(p, code);
  return grid.nan || !s.usable ? float_of(kNan) : grid.value * s.inverse;
}

// Sums of squared errors, as kernels/statistics.h: a row is cut into chunks of kChunk elements; of
// a chunk, lane j adds the elements j, j + kSumLanes, ...; then lanes and chunks are added in
// order.
inline constexpr std::int64_t kSumLanes = 16, kChunk = 4096;

// 2^exponent, a candidate scale; exponent -126 to 127.
POSITTUNE_HOST_DEVICE float power_of_two(std::int32_t exponent) {
  return float_of(static_cast<std::uint32_t>(exponent + 127) << 23);
}

// weight * (q(x) - x)^2; zero where x is not finite.
template <Algorithm kAlgorithm>
POSITTUNE_HOST_DEVICE double squared_error(const Parameters& p, float x, const Scale& s,
                                           double weight) {
  if ((pattern_of(x) & kMagnitude) >= kInfinity) return 0;
  const float error = quantize_one<kAlgorithm>(p, x, s) - x;
  return weight * (static_cast<double>(error) * static_cast<double>(error));
}

// One lane of a chunk of `count` elements; weights may be null.
template <Algorithm kAlgorithm>
POSITTUNE_HOST_DEVICE double lane_error(const Parameters& p, const float* x, const float* weights,
                                        std::int64_t count, std::int64_t lane, const Scale& s) {
  double sum = 0;
  for (std::int64_t i = lane; i < count; i += kSumLanes) {
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[i]);
    sum += squared_error<kAlgorithm>(p, x[i], s, weight);
  }
  return sum;
}

// Calls body.operator()<algorithm>(), with the algorithm as a constant, and gives its result; -1
// for an algorithm that does not exist.
template <class Body>
int with_algorithm(Algorithm algorithm, Body body) {
  switch (algorithm) {
    case Algorithm::kPosit:
      return body.template operator()<Algorithm::kPosit>();
    case Algorithm::kPositWide:
      return body.template operator()<Algorithm::kPositWide>();
    case Algorithm::kFloat:
      return body.template operator()<Algorithm::kFloat>();
    case Algorithm::kFloatFull:
      return body.template operator()<Algorithm::kFloatFull>();
    case Algorithm::kFloatShift:
      return body.template operator()<Algorithm::kFloatShift>();
    case Algorithm::kInt:
      return body.template operator()<Algorithm::kInt>();
    case Algorithm::kCount:
      break;
  }
  return -1;
}

}  // namespace posittune::cuda
