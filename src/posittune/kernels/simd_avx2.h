#pragma once

// The vector vocabulary of rounding-inl.h in AVX2: 8 lanes. Include only from avx2.cc.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace posittune::kernels::avx2 {

struct V {
  using F = __m256;
  using I = __m256i;
  using M = __m256;  // all ones or all zeros per lane
  static constexpr std::size_t kLanes = 8;

  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  static void stream(float* p, F v) { _mm256_stream_ps(p, v); }  // p aligned to 32
  static void fence() { _mm_sfence(); }

  static F set(float v) { return _mm256_set1_ps(v); }
  static I set(std::int32_t v) { return _mm256_set1_epi32(v); }
  static I bits(F v) { return _mm256_castps_si256(v); }
  static F floats(I v) { return _mm256_castsi256_ps(v); }

  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  // A NaN in b comes out.
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F nearest(F v) {
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static I to_int(F v) { return _mm256_cvtps_epi32(v); }
  static F to_float(I v) { return _mm256_cvtepi32_ps(v); }

  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I sub(I a, I b) { return _mm256_sub_epi32(a, b); }
  static I min(I a, I b) { return _mm256_min_epi32(a, b); }
  static I max(I a, I b) { return _mm256_max_epi32(a, b); }
  static I abs(I v) { return _mm256_abs_epi32(v); }  // INT_MIN stays
  static I and_(I a, I b) { return _mm256_and_si256(a, b); }
  static I or_(I a, I b) { return _mm256_or_si256(a, b); }
  static I xor_(I a, I b) { return _mm256_xor_si256(a, b); }
  static I or_and(I a, I b, I c) { return or_(a, and_(b, c)); }  // a | (b & c)
  // Counts of 32 and more shift everything out (sra: leave the sign).
  static I sll(I v, I count) { return _mm256_sllv_epi32(v, count); }
  static I srl(I v, I count) { return _mm256_srlv_epi32(v, count); }
  static I sra(I v, I count) { return _mm256_srav_epi32(v, count); }
  template <int kCount>
  static I sll(I v) {
    return _mm256_slli_epi32(v, kCount);
  }
  template <int kCount>
  static I srl(I v) {
    return _mm256_srli_epi32(v, kCount);
  }
  template <int kCount>
  static I sra(I v) {
    return _mm256_srai_epi32(v, kCount);
  }
  // Leading zeros of v, 0 < v < 2^31. The conversion must not round up to the next power of two, so
  // the bit below the leading one is cleared first.
  static I leading_zeros(I v) {
    const I top = _mm256_andnot_si256(srl<1>(v), v);
    return sub(set(158), srl<23>(bits(to_float(top))));
  }

  static M greater(I a, I b) { return floats(_mm256_cmpgt_epi32(a, b)); }
  static M equal(I a, I b) { return floats(_mm256_cmpeq_epi32(a, b)); }
  static M both(M a, M b) { return _mm256_and_ps(a, b); }
  static bool any(M m) { return _mm256_movemask_ps(m) != 0; }
  static unsigned mask_bits(M m) { return static_cast<unsigned>(_mm256_movemask_ps(m)); }
  static F select(M m, F yes, F no) { return _mm256_blendv_ps(no, yes, m); }
  static I select(M m, I yes, I no) { return bits(select(m, floats(yes), floats(no))); }
  static F zero_where(M m, F v) { return _mm256_andnot_ps(m, v); }
  static I zero_where(M m, I v) { return bits(zero_where(m, floats(v))); }

  static I load_codes(const std::uint8_t* p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }
  static I load_codes(const std::uint16_t* p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static I load_codes(const std::uint32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  // The low 8, 16 or 32 bits of each lane.
  static void store_codes(std::uint8_t* p, I v) {
    const I low = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
                                   4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const I packed = _mm256_shuffle_epi8(v, low);
    const __m128i both =
        _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), both);
  }
  static void store_codes(std::uint16_t* p, I v) {
    const I masked = and_(v, set(0xffff));
    const I packed = _mm256_packus_epi32(masked, masked);
    const I ordered = _mm256_permute4x64_epi64(packed, 0b00'00'10'00);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(ordered));
  }
  static void store_codes(std::uint32_t* p, I v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }

  // Double sums for statistics: the lanes of one F in 8 doubles.
  struct D {
    __m256d low, high;
  };
  static D load(const double* p) { return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
  static D zero_sum() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static D widen(F v) {
    return {_mm256_cvtps_pd(_mm256_castps256_ps128(v)),
            _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))};
  }
  static D add(D a, D b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
  static D mul(D a, D b) { return {_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)}; }
  static void store(double* p, D v) {
    _mm256_storeu_pd(p, v.low);
    _mm256_storeu_pd(p + 4, v.high);
  }
};

}  // namespace posittune::kernels::avx2
