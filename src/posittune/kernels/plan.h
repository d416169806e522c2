#pragma once

// A format prepared for arrays: which algorithm rounds it and that algorithm's constants.
// Made once per call by make_plan; read by every target.

#include <cstddef>
#include <cstdint>

#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"

namespace posittune::kernels {

// The rounding algorithms; rounding-inl.h explains them.
enum class Kind : std::uint8_t {
  kCopy,        // fp32
  kPosit,       // range and precision within fp32's normal numbers
  kPositFlush,  // the same, non-standard flush below minpos/2
  kPositShort,  // codes only: so short that the unrounded code fits in 32 bits
  kPositWide,   // reaches past fp32's range or precision: rare lanes go to the scalar twin
  kFloat,       // exponent field below 8 bits
  kFloatShift,  // exponent field of fp32 (bf16): drops mantissa bits
  kInt,
  kScalar,  // no vector algorithm: the scalar twin on every target
};
inline constexpr std::size_t kKinds = 9;

struct Plan {
  Kind kind = Kind::kScalar;
  Kind encode_kind = Kind::kScalar;  // codes of very wide posits have no vector algorithm
  Kind decode_kind = Kind::kScalar;
  formats::Format format;  // the element format when the format has blocks
  formats::Traits traits;
  formats::FloatRange range;  // clamp of posits, see formats::round_to_float
  bool clamp_low = false;     // minpos is below fp32's range

  std::int32_t bits = 32;
  std::int32_t nan_code = 0;  // code for NaN input
  std::int32_t low_bits = 0;  // posit: |y| is clamped to [low_bits, high_bits], as float patterns
  std::int32_t high_bits = 0;
  std::int32_t regime_shift = 0;  // posit: 23 + es, position of the regime in the float pattern
  std::int32_t shift_base = 0;    // posit: bits dropped at regime run 1: 26 + es - n
  std::int32_t aligned = 0;       // posit: added to a float pattern so that its bits are the code's
  std::int32_t flush_bits = 0;    // posit flush: |y| below this pattern becomes zero
  std::int32_t fast_bits = 0;     // posit wide: |y| below this pattern goes to the scalar twin
  std::int32_t man_bits = 0;      // float
  std::int32_t min_exp_bits = 0;  // float: pattern of the smallest normal
  std::int32_t most_bits = 0;     // float: pattern of `overflow`
  std::int32_t max_code = 0;      // largest finite positive code
  std::int32_t inf_code = -1;     // float: code of +inf, -1 if none
  float max = 0;
  float limit = 0;     // float: |y| is clamped to this before rounding
  float overflow = 0;  // float: what values that round past max become
  float unit = 1;      // int: value of one step; float: smallest subnormal

  std::int32_t block = 0;       // elements per shared scale, 0 = none
  std::int32_t block_emax = 0;  // exponent of the element's largest value
};

Plan make_plan(const formats::Format& format);

}  // namespace posittune::kernels
