#pragma once

// The table that one instruction set provides. scalar.cc is the plain twin: every entry of the
// other tables gives the same bits (tests/kernels/ compares them).
//
// A "run" is a number of consecutive elements with one scale. q = Q(x * scale) is the grid value,
// inverse = 1/scale. Naming: x float input, y float output, n elements.

#include <cstddef>
#include <cstdint>

#include "posittune/kernels/plan.h"

namespace posittune::kernels {

struct Moments {
  double sum_abs = 0, sum_squares = 0;
  float absmax = 0;
  std::uint64_t zeros = 0, nonfinite = 0;
};

// Chunk of a sum: sums are over at most this many elements at a time, in 16 interleaved lanes that
// are then added in order: the same bits on every target and for every number of threads.
inline constexpr std::size_t kChunk = 4096;
inline constexpr std::size_t kSumLanes = 16;

// Bins of the histogram of |x|: the top 11 bits of the pattern, 8 bins per octave.
inline constexpr std::size_t kHistogramBins = 2048;

struct Target {
  const char* name;

  template <class T>
  using RoundRun = void (*)(const Plan&, const float* x, T* out, std::size_t n, float scale,
                            float inverse);
  template <class T>
  using DecodeRun = void (*)(const Plan&, const T* codes, float* y, std::size_t n, float inverse);

  RoundRun<float> quantize[kKinds];         // y = q * inverse
  RoundRun<float> quantize_stream[kKinds];  // the same past the caches, for large arrays
  RoundRun<std::uint8_t> encode8[kKinds];
  RoundRun<std::uint16_t> encode16[kKinds];
  RoundRun<std::uint32_t> encode32[kKinds];
  DecodeRun<std::uint8_t> decode8[kKinds];
  DecodeRun<std::uint16_t> decode16[kKinds];
  DecodeRun<std::uint32_t> decode32[kKinds];
  RoundRun<std::uint16_t> to_bf16[kKinds];  // q as bfloat16, exact when it fits
  RoundRun<std::int8_t> to_int8[kKinds];    // q as an integer

  // Block formats; n counts elements of one row, the last block may be short.
  void (*block_quantize)(const Plan&, const float* x, float* y, std::size_t n, float scale,
                         float inverse);
  void (*block_encode)(const Plan&, const float* x, std::uint8_t* codes, std::uint8_t* exponents,
                       std::size_t n, float scale);
  void (*block_decode)(const Plan&, const std::uint8_t* codes, const std::uint8_t* exponents,
                       float* y, std::size_t n, float inverse);

  Moments (*moments)(const float* x, std::size_t n);  // n <= kChunk
  // Adds w * (y - x)^2 of each finite x to one of kSumLanes lanes: element i to lane i % kSumLanes.
  // Where w is null it counts as 1. An array may be added in parts of whole groups of lanes: the
  // bits are those of one call.
  void (*add_squared_errors)(const float* x, const float* y, const float* w, std::size_t n,
                             double* lanes);
  void (*histogram)(const float* x, std::size_t n, std::uint64_t* bins);  // adds to kHistogramBins

  // Codes of `bits` bits, code i at bits [i*bits, (i+1)*bits) of a little-endian bit string.
  // `out` of pack and `in` of unpack have ceil(n*bits/8) bytes; unused bits of the last are zero.
  template <class T>
  using Pack = void (*)(const T* codes, std::size_t n, int bits, std::uint8_t* out);
  template <class T>
  using Unpack = void (*)(const std::uint8_t* in, std::size_t n, int bits, T* codes);
  Pack<std::uint8_t> pack8;
  Pack<std::uint16_t> pack16;
  Pack<std::uint32_t> pack32;
  Unpack<std::uint8_t> unpack8;
  Unpack<std::uint16_t> unpack16;
  Unpack<std::uint32_t> unpack32;
};

const Target& scalar_target();
// Vector targets. They are in builds with POSITTUNE_SIMD only, and may be called only on a
// processor that has the instructions (dispatch.h knows): even making the table uses them.
const Target& avx2_target();
const Target& avx512_target();
// The AVX-512 source on portable versions of its intrinsics, for tests on machines without it;
// linked into the tests only.
const Target& avx512_emulated_target();

}  // namespace posittune::kernels
