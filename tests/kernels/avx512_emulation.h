#pragma once

// Portable versions of the AVX-512 intrinsics that simd_avx512.h uses: SIMDe's, and below them
// those that SIMDe 0.7.4 lacks, written from Intel's Intrinsics Guide.

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/avx512.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace posittune::tests {

template <class To, class From, class Out, class In, class Fn>
Out map_lanes(const In& in, Fn fn) {
  constexpr std::size_t kLanes = sizeof(Out) / sizeof(To);
  From from[sizeof(In) / sizeof(From)];
  To to[kLanes];
  std::memcpy(from, &in, sizeof in);
  for (std::size_t i = 0; i < kLanes; ++i) to[i] = fn(from[i]);
  Out out;
  std::memcpy(&out, to, sizeof out);
  return out;
}

inline __m512 cvtepi32_ps(__m512i v) {
  return map_lanes<float, std::int32_t, __m512>(
      v, [](std::int32_t x) { return static_cast<float>(x); });
}
inline __m128i cvtepi32_epi8(__m512i v) {
  return map_lanes<std::uint8_t, std::uint32_t, __m128i>(
      v, [](std::uint32_t x) { return static_cast<std::uint8_t>(x); });
}
inline __m256i cvtepi32_epi16(__m512i v) {
  return map_lanes<std::uint16_t, std::uint32_t, __m256i>(
      v, [](std::uint32_t x) { return static_cast<std::uint16_t>(x); });
}
inline __m512i cvtepu8_epi32(__m128i v) {
  return map_lanes<std::uint32_t, std::uint8_t, __m512i>(
      v, [](std::uint8_t x) { return std::uint32_t{x}; });
}
inline __m512i cvtepu16_epi32(__m256i v) {
  return map_lanes<std::uint32_t, std::uint16_t, __m512i>(
      v, [](std::uint16_t x) { return std::uint32_t{x}; });
}
inline __m512d cvtps_pd(__m256 v) {
  return map_lanes<double, float, __m512d>(v, [](float x) { return double{x}; });
}
inline __m512i srai_epi32(__m512i v, unsigned count) {
  return map_lanes<std::int32_t, std::int32_t, __m512i>(
      v, [count](std::int32_t x) { return x >> (count > 31 ? 31 : count); });
}
inline __m512i srav_epi32(__m512i v, __m512i counts) {
  std::int32_t x[16];
  std::uint32_t count[16];
  std::memcpy(x, &v, sizeof x);
  std::memcpy(count, &counts, sizeof count);
  for (int i = 0; i < 16; ++i) x[i] >>= count[i] > 31 ? 31 : count[i];
  std::memcpy(&v, x, sizeof x);
  return v;
}
inline __m512 roundscale_nearest(__m512 v) {
  return map_lanes<float, float, __m512>(v, [](float x) { return std::nearbyint(x); });
}
inline __m512i cvtps_epi32(__m512 v) {
  return map_lanes<std::int32_t, float, __m512i>(v, [](float x) {
    // The instruction gives INT_MIN for NaN and values out of range.
    const bool fits = x >= -2147483648.0f && x < 2147483648.0f;
    return fits ? static_cast<std::int32_t>(std::nearbyint(x)) : INT32_MIN;
  });
}
inline __m512i lzcnt_epi32(__m512i v) {
  return map_lanes<std::int32_t, std::uint32_t, __m512i>(
      v, [](std::uint32_t x) { return x == 0 ? 32 : __builtin_clz(x); });
}
// Only the truth table 0xf8, a | (b & c), is used.
inline __m512i ternarylogic_f8(__m512i a, __m512i b, __m512i c) {
  return simde_mm512_or_si512(a, simde_mm512_and_si512(b, c));
}

}  // namespace posittune::tests

#define _mm512_cvtepi32_ps posittune::tests::cvtepi32_ps
#define _mm512_cvtepi32_epi8 posittune::tests::cvtepi32_epi8
#define _mm512_cvtepi32_epi16 posittune::tests::cvtepi32_epi16
#define _mm512_cvtepu8_epi32 posittune::tests::cvtepu8_epi32
#define _mm512_cvtepu16_epi32 posittune::tests::cvtepu16_epi32
#undef _mm512_cvtps_pd
#define _mm512_cvtps_pd posittune::tests::cvtps_pd
#define _mm512_srai_epi32 posittune::tests::srai_epi32
#define _mm512_srav_epi32 posittune::tests::srav_epi32
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32 posittune::tests::cvtps_epi32
#undef _mm512_lzcnt_epi32
#define _mm512_lzcnt_epi32 posittune::tests::lzcnt_epi32
#undef _mm512_roundscale_ps
#define _mm512_roundscale_ps(v, mode) posittune::tests::roundscale_nearest(v)
#undef _mm512_ternarylogic_epi32
#define _mm512_ternarylogic_epi32(a, b, c, table) posittune::tests::ternarylogic_f8(a, b, c)
#undef _mm512_stream_ps
#define _mm512_stream_ps(p, v) _mm512_storeu_ps(p, v)
#undef _mm512_loadu_si512
#define _mm512_loadu_si512(p) simde_mm512_loadu_si512(p)
