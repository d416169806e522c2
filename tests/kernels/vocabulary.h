#pragma once

// A vector vocabulary (simd_avx2.h, simd_avx512.h) as functions on arrays, so that tests without
// the flags of an instruction set can call it. An array holds `lanes` words of 32 bits: floats as
// their patterns, integers, or codes.

#include <cstddef>
#include <cstdint>

namespace posittune::kernels {

struct Vocabulary {
  using Words = const std::uint32_t*;
  using Lanes = void (*)(Words a, Words b, Words c, std::uint32_t* out);

  const char* name;
  std::size_t lanes;

  // Floats: out = operation(a, b). to_int and to_float convert a.
  Lanes mul, add, sub, min, max, nearest, to_int, to_float;
  Lanes set_float, stream;  // a[0] in every lane; a, past the caches
  // Integers.
  Lanes set_int, int_add, int_sub, int_min, int_max, abs, and_, or_, xor_, or_and;
  Lanes sll, srl, sra;                                   // by the counts in b
  Lanes sll9, srl9, sra9;                                // by the constant 9
  Lanes leading_zeros;                                   // of a, 0 < a < 2^31
  Lanes greater, equal, both;                            // 1 and 0: a > b; a == b; a > b and b > c
  Lanes select, select_int, zero_where, zero_where_int;  // of b and c, b; the mask is a > b
  // Codes: the low 8, 16 or 32 bits of a, stored or loaded.
  Lanes load8, load16, load32, store8, store16, store32;

  unsigned (*mask_bits)(Words a, Words b);  // bit i: a[i] > b[i]
  bool (*any)(Words a, Words b);            // some a[i] > b[i]
  // sums[i] + a[i] * b[i] in double; with `from_zero` the sums begin at zero_sum().
  void (*add_products)(Words a, Words b, double* sums, bool from_zero);
};

// Only in builds with POSITTUNE_SIMD, and only where dispatch.h knows the target.
const Vocabulary& avx2_vocabulary();
const Vocabulary& avx512_vocabulary();
const Vocabulary& avx512_emulated_vocabulary();

// Each operation against one line of C++ for a lane: all pairs of special values, and random words.
void expect_scalar(const Vocabulary& vocabulary);

}  // namespace posittune::kernels
