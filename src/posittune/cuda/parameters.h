#pragma once

// A format as plain numbers, for arithmetic.h: what a kernel of a device gets by value. This header
// and arithmetic.h need nothing but the C library, so that nvcc reads them alone.

#include <cstdint>

namespace posittune::formats {
struct Format;
}

namespace posittune::cuda {

// Grows with each change of Parameters or of device_api.h: a library of another build is refused.
inline constexpr std::int32_t kAbi = 1;

// Algorithm: how values of a format are rounded, encoded and decoded; arithmetic.h explains each.
enum class Algorithm : std::int32_t {
  kPosit,       // range and precision within fp32's normal numbers: 32-bit operations
  kPositWide,   // all other posits: 64-bit operations
  kFloat,       // exponent field below 8 bits, mantissa below 23
  kFloatFull,   // the same with 23 bits of mantissa
  kFloatShift,  // exponent field of fp32: bf16, fp32
  kInt,
  kCount,
};

// Parameters of a format. A pattern is the bits of a magnitude as a float32. Fields that an
// algorithm does not name are unused.
struct Parameters {
  std::int32_t abi = kAbi;
  Algorithm algorithm = Algorithm::kFloatShift;
  std::int32_t bits = 32;
  std::uint32_t code_mask = 0;  // the low `bits` bits
  std::uint32_t nan_code = 0;   // code of a NaN input; in formats without one, the code of +max
  std::uint32_t max_code = 0;   // largest finite positive code

  std::int32_t es = 0;             // posit
  std::uint32_t low = 0;           // posit: magnitudes of x * scale are clamped to [low, high],
  std::uint32_t high = 0;          //   patterns; see kernels/plan.h for the ends of kPosit
  std::uint32_t zero_below = 0;    // posit that flushes: patterns below this become zero
  std::int32_t flush_below = 0;    // kPositWide: exponents below this become zero
  std::int32_t regime_shift = 0;   // kPosit: position of the regime in a pattern
  std::int32_t shift_base = 0;     // kPosit: bits dropped at the shortest regime
  std::uint32_t aligned = 0;       // kPosit: makes a pattern's bits those of the code
  std::int32_t mantissa_bits = 0;  // float
  std::uint32_t min_normal = 0;    // float: pattern of the smallest normal
  std::uint32_t limit = 0;         // float: magnitudes are clamped to this pattern before rounding
  std::uint32_t largest = 0;       // float: pattern of the largest value
  std::uint32_t overflow = 0;      // float: pattern of what rounds past it
  std::uint32_t inf_code = 0;  // float: code of +infinity, or above all codes where there is none
  float unit = 1;              // int: value of one step; float: smallest subnormal
  float steps = 1;             // int: 1 / unit
  float max = 0;               // int: the largest code as a number
};

// Makes the parameters of a format without blocks. For fp16 and wider floats, saturating() of
// formats.h gives another format, and so other parameters.
Parameters parameters_of(const formats::Format& format);

}  // namespace posittune::cuda
