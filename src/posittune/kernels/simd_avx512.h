#pragma once

// The vector vocabulary of rounding-inl.h in AVX-512 (F, BW, DQ, VL, CD): 16 lanes.
// Include only from avx512.cc. With POSITTUNE_EMULATE_AVX512 the same source is built on portable
// versions of the intrinsics, so that it can be tested on any machine.

#ifdef POSITTUNE_EMULATE_AVX512
#include "tests/kernels/avx512_emulation.h"
#define POSITTUNE_AVX512_NAMESPACE avx512_emulated
#else
#include <immintrin.h>
#define POSITTUNE_AVX512_NAMESPACE avx512
#endif

#include <cstddef>
#include <cstdint>

namespace posittune::kernels::POSITTUNE_AVX512_NAMESPACE {

struct V {
  using F = __m512;
  using I = __m512i;
  using M = __mmask16;
  static constexpr std::size_t kLanes = 16;

  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, F v) { _mm512_storeu_ps(p, v); }

  static F set(float v) { return _mm512_set1_ps(v); }
  static I set(std::int32_t v) { return _mm512_set1_epi32(v); }
  static I bits(F v) { return _mm512_castps_si512(v); }
  static F floats(I v) { return _mm512_castsi512_ps(v); }

  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  // A NaN in b comes out.
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F to_float(I v) { return _mm512_cvtepi32_ps(v); }

  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I sub(I a, I b) { return _mm512_sub_epi32(a, b); }
  static I min(I a, I b) { return _mm512_min_epi32(a, b); }
  static I max(I a, I b) { return _mm512_max_epi32(a, b); }
  static I abs(I v) { return _mm512_abs_epi32(v); }  // INT_MIN stays
  static I and_(I a, I b) { return _mm512_and_si512(a, b); }
  static I or_(I a, I b) { return _mm512_or_si512(a, b); }
  static I xor_(I a, I b) { return _mm512_xor_si512(a, b); }
  // Counts of 32 and more shift everything out (sra: leave the sign).
  static I sll(I v, I count) { return _mm512_sllv_epi32(v, count); }
  static I srl(I v, I count) { return _mm512_srlv_epi32(v, count); }
  static I sra(I v, I count) { return _mm512_srav_epi32(v, count); }
  template <int kCount>
  static I sll(I v) {
    return _mm512_slli_epi32(v, kCount);
  }
  template <int kCount>
  static I srl(I v) {
    return _mm512_srli_epi32(v, kCount);
  }
  template <int kCount>
  static I sra(I v) {
    return _mm512_srai_epi32(v, kCount);
  }

  static M greater(I a, I b) { return _mm512_cmpgt_epi32_mask(a, b); }
  static M equal(I a, I b) { return _mm512_cmpeq_epi32_mask(a, b); }
  static M both(M a, M b) { return static_cast<M>(a & b); }
  static bool any(M m) { return m != 0; }
  static unsigned mask_bits(M m) { return m; }
  static F select(M m, F yes, F no) { return _mm512_mask_blend_ps(m, no, yes); }
  static I select(M m, I yes, I no) { return _mm512_mask_blend_epi32(m, no, yes); }

  static I load_codes(const std::uint8_t* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static I load_codes(const std::uint16_t* p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static I load_codes(const std::uint32_t* p) {
    return _mm512_loadu_si512(reinterpret_cast<const void*>(p));
  }
  static void store_codes(std::uint8_t* p, I v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }
  static void store_codes(std::uint16_t* p, I v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  static void store_codes(std::uint32_t* p, I v) {
    _mm512_storeu_si512(reinterpret_cast<void*>(p), v);
  }

  static void stream(float* p, F v) { _mm512_stream_ps(p, v); }  // p aligned to 64
  static void fence() { _mm_sfence(); }
  static I or_and(I a, I b, I c) { return _mm512_ternarylogic_epi32(a, b, c, 0xf8); }
  static F nearest(F v) {
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static I to_int(F v) { return _mm512_cvtps_epi32(v); }
  static I leading_zeros(I v) { return _mm512_lzcnt_epi32(v); }
  static F zero_where(M m, F v) { return _mm512_maskz_mov_ps(static_cast<M>(~m), v); }
  static I zero_where(M m, I v) { return _mm512_maskz_mov_epi32(static_cast<M>(~m), v); }

  // Double sums for statistics: 16 lanes of one F.
  struct D {
    __m512d low, high;
  };
  static D load(const double* p) { return {_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)}; }
  static D zero_sum() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  static D widen(F v) {
    const __m256d high = _mm512_extractf64x4_pd(_mm512_castps_pd(v), 1);
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(v)), _mm512_cvtps_pd(_mm256_castpd_ps(high))};
  }
  static D add(D a, D b) { return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
  static D mul(D a, D b) { return {_mm512_mul_pd(a.low, b.low), _mm512_mul_pd(a.high, b.high)}; }
  static void store(double* p, D v) {
    _mm512_storeu_pd(p, v.low);
    _mm512_storeu_pd(p + 8, v.high);
  }
};

}  // namespace posittune::kernels::POSITTUNE_AVX512_NAMESPACE
