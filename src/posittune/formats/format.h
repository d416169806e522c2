#pragma once

// A number format is a value: five small numbers that name one grid of representable values.
// Everything else (name, card, codec, kernels' constants) is derived from it.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/families.h"

namespace posittune::formats {

struct Format {
  Family family = Family::kFloat;
  std::uint8_t bits = 32;     // width of one code, sign included
  std::uint8_t exp_bits = 8;  // float: exponent field; posit: es; int: 0
  std::uint8_t variant = 0;   // the family's own: see FloatSpecials, kPositFlush, kIntFraction
  std::uint8_t block = 0;     // elements that share one E8M0 scale (MX: 32), 0 = none

  friend auto operator<=>(const Format&, const Format&) = default;
};

// Format::variant of a float: what the largest exponent field means.
enum FloatSpecials : std::uint8_t {
  kIeee = 0,            // infinities and NaN, as IEEE 754 (fp16, bf16, fp32, fp8_e5m2)
  kNanOnly = 1,         // S.1..1.1..1 is NaN, no infinities (OCP fp8_e4m3)
  kFinite = 2,          // every code is a number (OCP fp6, fp4)
  kIeeeSaturating = 3,  // codes of kIeee; overflow and infinities become the largest: saturating()
};

// Format::variant of a posit: |x| < minpos/2 rounds to zero. NOT in the posit standard.
inline constexpr std::uint8_t kPositFlush = 1;

// Format::variant of an int: values are code * 2^-(bits-2), as the elements of OCP MXINT8.
inline constexpr std::uint8_t kIntFraction = 1;

inline constexpr int kMaxPositBits = 32, kMaxPositEs = 4, kMaxIntBits = 16;

// Makers for formats known when the program is written. Arguments outside the documented ranges are
// a bug of the caller (asserted); text from users goes through parse_format.
Format posit(int n, int es);                   // n 2..32, es 0..4
Format integer(int n);                         // n 2..16, symmetric
Format minifloat(int exp_bits, int man_bits);  // fp(1+X+Y)_eXmY; see minifloat.h for the specials
Format mx(const Format& element);              // OCP MX: 32 elements, one E8M0 scale
inline Format fp32() { return minifloat(8, 23); }
inline Format bf16() { return minifloat(8, 7); }
inline Format fp16() { return minifloat(5, 10); }

// The format with OCP's saturating conversion: values that overflow, infinities too, become the
// largest value. It differs from `format` only for floats above 8 bits that have infinities (fp16,
// bf16, fp12_e5m6). Scales are chosen for calibration data, and other data may be larger: then
// these floats saturate as ints, posits and 8-bit floats do, instead of turning one large value
// into infinity and its row into NaN. Codes, values, traits and name are those of the format
// itself; plain() is the way back.
// source: OCP 8-bit Floating Point Specification (OFP8) 1.0, conversions, saturating mode.
Format saturating(const Format& format);
Format plain(const Format& format);

// Parses any spelling, case-insensitive, spaces ignored: posit<8,1> posit8e1 p8e1 posit<8,1>ftz,
// int8, fp32 fp16 bf16 float16, fp8_e4m3 e4m3 fp6_e2m3 fpN_eXmY, mxfp8 mxfp8_e5m2 mxint8 ... Error:
// kUsage, with the nearest known names.
Result<Format> parse_format(std::string_view text);

// The one canonical spelling; parse_format(name(f)) == plain(f).
std::string name(const Format& format);

// The formats that `posittune formats` lists: every named one and the common posits and ints.
std::vector<Format> known_formats();

// Known names closest to `text` by edit distance, best first.
std::vector<std::string> nearest_names(std::string_view text, std::size_t count = 3);

}  // namespace posittune::formats
