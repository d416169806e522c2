#pragma once

// Operations on arrays of floats: rows x cols, row-major, contiguous.
//
// Scaling: q(x) = Q(x * s) * (1/s); 1/s is rounded to float, exact for powers of two.
// Near the ends of fp32's range that product itself can overflow or underflow: int8 with s =
// 127/FLT_MAX gives infinity for x = FLT_MAX, because 1/s rounds up. Results are the same bits on
// every target and for every number of threads.
//
// Every function checks its arguments and returns kInput errors for:
//   lengths that do not match shape and scales; a null pointer with a length;
//   a scale that is not finite and positive, or whose reciprocal is not.
// An empty array (rows or cols 0) is fine and does nothing.
//
// NaN and infinities in the data: quantize gives NaN for NaN (and for infinities in posits, NaR);
// int and float formats saturate infinities, see formats/codec.h. encode gives nan_code, or the
// code of +max in formats without one. Nothing is turned into zero; difference() and statistics()
// count them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"

namespace posittune::kernels {

struct Shape {
  std::size_t rows = 0, cols = 0;
  std::size_t size() const { return rows * cols; }
};

// Scales of an array. One value: for the whole tensor; `rows` values: one for each row (output
// channel); with group > 0: rows x ceil(cols/group) values, one for each `group` consecutive
// columns of a row. Block formats need group % 32 == 0.
struct Scales {
  std::span<const float> values;
  std::size_t group = 0;
};

struct Options {
  int threads = 0;  // 0 = all
};

// Quantizes: y = q(x); x and y may be the same array.
Status quantize(const formats::Format& format, std::span<const float> x, Shape shape,
                const Scales& scales, std::span<float> y, Options options = {});

// Codes of Q(x * s), one per element; Code (uint8_t, uint16_t, uint32_t) has at least format.bits
// bits, and is uint8_t for block formats (kInput for others). These also fill `exponents` (E8M0):
// rows x ceil(cols/32); other formats leave it empty.
template <class Code>
Status encode(const formats::Format& format, std::span<const float> x, Shape shape,
              const Scales& scales, std::span<Code> codes, std::span<std::uint8_t> exponents = {},
              Options options = {});

// y = value(code) * (1/s), Code as for encode(). Codes beyond fp32's range (posit<32,4>) become
// infinity or zero.
template <class Code>
Status decode(const formats::Format& format, std::span<const Code> codes, Shape shape,
              const Scales& scales, std::span<float> y,
              std::span<const std::uint8_t> exponents = {}, Options options = {});

// Grid values Q(x * s), before 1/s, as bfloat16. kUnsupported unless every value of the format is
// exact in bf16: at most 8 significand bits, and no blocks.
Status to_bf16(const formats::Format& format, std::span<const float> x, Shape shape,
               const Scales& scales, std::span<std::uint16_t> y, Options options = {});
bool exact_in_bf16(const formats::Format& format);

// Grid values of int2..int8 as int8; NaN becomes -2^(n-1), which no number uses.
Status to_int8(const formats::Format& format, std::span<const float> x, Shape shape,
               const Scales& scales, std::span<std::int8_t> y, Options options = {});

// Packed codes, a dense little-endian bit string: code i at bits [i*bits, (i+1)*bits); 1 <= bits <=
// 8 * sizeof(Code).
std::size_t packed_bytes(std::size_t count, int bits);
template <class Code>
Status pack(std::span<const Code> codes, int bits, std::span<std::uint8_t> out,
            Options options = {});
template <class Code>
Status unpack(std::span<const std::uint8_t> in, int bits, std::span<Code> codes,
              Options options = {});

}  // namespace posittune::kernels
