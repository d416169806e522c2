#pragma once

// Lanes: N floats at a time, in the compilers' own vector types (GCC and Clang; N of the width of a
// register), and the element-wise pieces of the KL divergence on them. Everything is inlined into
// its caller and so compiled for the caller's instruction set; results are the same to the bit for
// all N.

#include <cstddef>
#include <cstdint>
#include <cstring>

// Warnings of GCC and Clang on the ABI of vectors do not matter: all functions here are inlined,
// and call only inlined functions (not even std::bit_cast). GCC's note on parameters cannot be
// silenced, so these are references.
#pragma GCC diagnostic ignored "-Wpsabi"

#define POSITTUNE_INLINE [[gnu::always_inline]] inline

namespace posittune::metrics {

template <std::size_t N>
struct Lanes {
  typedef float Floats __attribute__((vector_size(N * 4)));
  typedef float HalfFloats __attribute__((vector_size(N * 2)));
  typedef double HalfDoubles __attribute__((vector_size(N * 4)));
  typedef std::int32_t Ints __attribute__((vector_size(N * 4)));
  typedef std::uint32_t Uints __attribute__((vector_size(N * 4)));
};
template <std::size_t N>
using Floats = typename Lanes<N>::Floats;

// Loads `count` floats from `from`; the other lanes are `fill`.
template <std::size_t N>
POSITTUNE_INLINE Floats<N> load(const float* from, std::size_t count, float fill) {
  Floats<N> lanes;
  if (count >= N) {
    std::memcpy(&lanes, from, sizeof lanes);
  } else {
    for (std::size_t j = 0; j < N; ++j) lanes[j] = j < count ? from[j] : fill;
  }
  return lanes;
}

template <std::size_t N>
POSITTUNE_INLINE void store(const Floats<N>& lanes, float* to, std::size_t count) {
  if (count >= N) {
    std::memcpy(to, &lanes, sizeof lanes);
  } else {
    for (std::size_t j = 0; j < count; ++j) to[j] = lanes[j];
  }
}

// Keeps x in the lanes where the mask is -1; +0 where it is 0.
template <std::size_t N>
POSITTUNE_INLINE Floats<N> keep_if(const typename Lanes<N>::Ints& mask, const Floats<N>& x) {
  return reinterpret_cast<Floats<N>>(reinterpret_cast<typename Lanes<N>::Ints>(x) & mask);
}

// The doubles of N floats.
template <std::size_t N>
struct Doubles {
  using Half = typename Lanes<N>::HalfDoubles;
  Half low, high;

  POSITTUNE_INLINE static Doubles of(const Floats<N>& x) {
    typename Lanes<N>::HalfFloats halves[2];
    std::memcpy(halves, &x, sizeof x);
    return {__builtin_convertvector(halves[0], Half), __builtin_convertvector(halves[1], Half)};
  }
  POSITTUNE_INLINE friend Doubles operator*(const Doubles& a, const Doubles& b) {
    return {a.low * b.low, a.high * b.high};
  }
  POSITTUNE_INLINE friend Doubles operator-(const Doubles& a, const Doubles& b) {
    return {a.low - b.low, a.high - b.high};
  }
};

// A sum of a row in doubles. Element i goes to partial sum i % 8, whatever N is (at most 8).
template <std::size_t N>
class RowSum {
 public:
  // Adds the elements from `offset` on, a multiple of N.
  POSITTUNE_INLINE void add(std::size_t offset, const Doubles<N>& x) {
    Doubles<N>& part = parts_[offset / N % kParts];
    part.low += x.low;
    part.high += x.high;
  }
  POSITTUNE_INLINE double total() const {
    double partial[8];
    std::memcpy(partial, parts_, sizeof partial);
    double sum = 0;
    for (const double part : partial) sum += part;
    return sum;
  }

 private:
  static constexpr std::size_t kParts = 8 / N;
  Doubles<N> parts_[kParts] = {};
};

// The least exponent: exp_softmax gives 0 below it. A class that is so much less likely than the
// best one does not change any sum; and products with small probabilities stay normal floats, which
// are many times faster.
inline constexpr float kLeastExponent = -64.0f;

// The exponential e^x for x <= 0 with a relative error below 2e-7; 0 for x < kLeastExponent; NaN
// for NaN.
template <std::size_t N>
POSITTUNE_INLINE Floats<N> exp_softmax(const Floats<N>& x) {
  using Uints = typename Lanes<N>::Uints;
  // x = n ln 2 + r, |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds to an integer in the low bits.
  constexpr float kRound = 12582912.0f;
  constexpr float kLog2E = 1.44269504f;
  // ln 2 in two parts; n times the first is exact for |n| < 2^9.
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  const Floats<N> shifted = x * kLog2E + kRound;
  const Floats<N> n = shifted - kRound;
  const Floats<N> r = (x - n * kLn2High) - n * kLn2Low;
  // Taylor; the first term left out is r^8 / 8! < 6e-9.
  Floats<N> e = r * (1.0f / 5040) + 1.0f / 720;
  e = e * r + 1.0f / 120;
  e = e * r + 1.0f / 24;
  e = e * r + 1.0f / 6;
  e = e * r + 0.5f;
  e = e * r + 1.0f;
  e = e * r + 1.0f;
  const Uints power = (reinterpret_cast<Uints>(shifted) + 127u) << 23;
  return keep_if<N>(~(x < kLeastExponent), e * reinterpret_cast<Floats<N>>(power));
}

// The part of a class in KL(P || Q): q - p - p t with t = log(q / p), as the q - p of all classes
// sum to 0. Unlike p log(p / q) it is never negative, so nothing cancels in the sum over classes,
// and small divergences are as accurate as large ones. p = 0 gives q; q = 0 gives infinity when t
// is.
template <std::size_t N>
POSITTUNE_INLINE Floats<N> kl_part(const Floats<N>& p, const Floats<N>& q, const Floats<N>& t) {
  const auto near = (t > -0.5f) & (t < 0.5f);
  const Floats<N> s = keep_if<N>(near, t);
  // (e^s - 1 - s) / s^2; the first term left out is below 5e-8 of it.
  Floats<N> h = s * (1.0f / 40320) + 1.0f / 5040;
  h = h * s + 1.0f / 720;
  h = h * s + 1.0f / 120;
  h = h * s + 1.0f / 24;
  h = h * s + 1.0f / 6;
  h = h * s + 0.5f;
  const Floats<N> product = keep_if<N>(p != 0.0f, p * t);  // 0 * inf is NaN
  // One of the two is 0.
  return p * (s * s * h) + keep_if<N>(~near, (q - p) - product);
}

}  // namespace posittune::metrics
