// Posits: standard for posit arithmetic (2022), sections 3 and 4, with es free (the standard fixes
// es = 2).
//
//   | s | regime: k+1 ones and a zero (k >= 0), or -k zeros and a one | exponent es bits | fraction
//   | value = (-1)^s * 2^(k * 2^es + e) * (1 + f);  bits that do not fit are cut and read as zero.
//   0...0 is zero, 10...0 is NaR, negative values are the two's complement of the positive code.

#include "posittune/formats/posit.h"

#include <algorithm>
#include <cassert>

#include "posittune/formats/family.h"

namespace posittune::formats {
namespace {

constexpr std::uint32_t low_mask(int bits) {
  return bits >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << bits) - 1;
}

std::uint32_t nar_code(const Format& f) { return std::uint32_t{1} << (f.bits - 1); }

// Largest exponent, that of maxpos = useed^(n-2); minpos has its negative.
int max_exponent(const Format& f) { return (f.bits - 2) << f.exp_bits; }

// A positive code of n <= 33 bits: the boundary above a posit<32,es> is a posit<33,es>.
Unpacked decode_positive(std::uint64_t code, int n, int es) {
  // The n-1 bits after the sign, moved to the top of a word whose low end reads as zeros.
  const std::uint64_t body = code << (65 - n);
  const bool ones = (body >> 63) != 0;
  const int run = ones ? std::min(std::countl_one(body), n - 1) : std::countl_zero(body);
  const int k = ones ? run - 1 : -run;
  // run <= n-1 <= 32, so both shifts are defined; the terminator may be past the end.
  const std::uint64_t tail = body << run << 1;
  const int exponent = es == 0 ? 0 : static_cast<int>(tail >> (64 - es));
  const std::uint64_t fraction = tail << es;
  return {.kind = Unpacked::Kind::kFinite,
          .exponent = k * (1 << es) + exponent,
          .significand = std::uint64_t{1} << 63 | fraction >> 1};
}

Unpacked unpack_code(const Format& f, std::uint32_t code) {
  code &= low_mask(f.bits);
  if (code == 0) return special(Unpacked::Kind::kZero);
  if (code == nar_code(f)) return special(Unpacked::Kind::kNan);
  const bool negative = (code & nar_code(f)) != 0;
  if (negative) code = (0 - code) & low_mask(f.bits);
  Unpacked value = decode_positive(code, f.bits, f.exp_bits);
  value.negative = negative;
  return value;
}

double boundary_above(const Format& f, std::uint32_t code) {
  return pack(decode_positive(2 * std::uint64_t{code} + 1, f.bits + 1, f.exp_bits));
}

// Code of a positive value, rounded on the bit string regime|exponent|fraction.
std::uint32_t encode_magnitude(const Format& f, const Unpacked& u) {
  const int n = f.bits, es = f.exp_bits;
  const int k = u.exponent >> es;  // floor
  if (k >= n - 2) return nar_code(f) - 1;
  if (k < -(n - 2)) {
    const bool flush = f.variant == kPositFlush && u.exponent < -max_exponent(f) - 1;
    return flush ? 0 : 1;
  }
  const int regime_bits = k >= 0 ? k + 2 : 1 - k;
  const std::uint32_t regime = k >= 0 ? low_mask(k + 1) << 1 : 1;
  const auto exponent = static_cast<std::uint32_t>(u.exponent) & low_mask(es);
  const std::uint64_t fraction = u.significand << 1;  // hidden bit shifted out
  // 64 fraction bits below; regime and exponent take at most 31 + 4 bits above them.
  const auto string = (static_cast<unsigned __int128>(regime) << es | exponent) << 64 | fraction;
  const int drop = regime_bits + es + 64 - (n - 1);
  return static_cast<std::uint32_t>(round_string(string, drop, u.sticky));
}

std::uint32_t pack_code(const Format& f, const Unpacked& u) {
  switch (u.kind) {
    case Unpacked::Kind::kZero:
      return 0;
    case Unpacked::Kind::kInfinite:
    case Unpacked::Kind::kNan:
      return nar_code(f);
    case Unpacked::Kind::kFinite:
      break;
  }
  const std::uint32_t magnitude = encode_magnitude(f, u);
  return u.negative ? (0 - magnitude) & low_mask(f.bits) : magnitude;
}

Traits traits_of(const Format& f) {
  const double maxpos = std::ldexp(1.0, max_exponent(f));
  // Next code after 1 is 010..01: its lowest bit is a fraction bit, an exponent bit or the regime.
  const std::uint32_t one = nar_code(f) >> 1;
  const double next = f.bits == 2 ? 1.0 : pack(unpack_code(f, one + 1));
  return {.max = maxpos,
          .min = 1 / maxpos,
          .min_normal = 1 / maxpos,
          .epsilon = next - 1.0,
          .significand_bits = 1 + std::max(0, f.bits - 3 - f.exp_bits),
          .nan_code = nar_code(f),
          .has_infinity = false,
          .has_negative_zero = false,
          .standard = f.variant != kPositFlush,
          .source = f.variant == kPositFlush
                        ? "non-standard: posit that flushes |x| < minpos/2 to zero"
                    : f.exp_bits == 2 ? "Standard for Posit Arithmetic (2022)"
                                      : "Standard for Posit Arithmetic (2022), with es free"};
}

std::string name_of(const Format& f) {
  return "posit<" + std::to_string(f.bits) + "," + std::to_string(f.exp_bits) + ">" +
         (f.variant == kPositFlush ? "ftz" : "");
}

std::string layout_of(const Format& f) {
  return "sign 1 | regime 2.." + std::to_string(std::max(2, f.bits - 1)) + " | exponent 0.." +
         std::to_string(f.exp_bits) + " | fraction 0.." +
         std::to_string(std::max(0, f.bits - 3 - f.exp_bits)) + "; negative: two's complement";
}

// posit<8,1>  posit(8,1)  posit8_1  posit8e1  p8e1, then an optional ftz
std::optional<Format> parse(std::string_view text) {
  if (!take(text, "posit") && !take(text, "p")) return {};
  const std::string_view close = take(text, "<") ? ">" : take(text, "(") ? ")" : "";
  const auto n = take_number(text);
  const bool separated =
      close.empty() ? take(text, "es") || take(text, "e") || take(text, "_") : take(text, ",");
  const auto es = take_number(text);
  if (!n || !separated || !es || !take(text, close)) return {};
  const bool flush = take(text, "ftz");
  if (!text.empty() || *n < 2 || *n > kMaxPositBits || *es > kMaxPositEs) return {};
  Format format = posit(*n, *es);
  if (flush) format.variant = kPositFlush;
  return format;
}

std::vector<Format> known() {
  return {posit(4, 0),  posit(4, 1),  posit(5, 0),  posit(5, 1), posit(6, 0), posit(6, 1),
          posit(7, 0),  posit(7, 1),  posit(8, 0),  posit(8, 1), posit(8, 2), posit(10, 1),
          posit(12, 1), posit(16, 1), posit(16, 2), posit(32, 2)};
}

double centre_of(const Format&) { return 1.0; }
std::string rounding(const Format& format) {
  return format.variant == kPositFlush
             ? "nearest even on the bit string; NON-STANDARD: |x| < minpos/2 becomes zero"
             : "nearest even on the bit string; a nonzero never becomes zero";
}
std::string overflow(const Format&) { return "saturates at maxpos; infinities give NaR"; }

}  // namespace

Format posit(int n, int es) {
  assert(n >= 2 && n <= kMaxPositBits && es >= 0 && es <= kMaxPositEs);
  return {.family = Family::kPosit,
          .bits = static_cast<std::uint8_t>(n),
          .exp_bits = static_cast<std::uint8_t>(es)};
}

Unpacked posit_unpack(const Format& format, std::uint32_t code) {
  return unpack_code(format, code);
}
std::uint32_t posit_pack(const Format& format, const Unpacked& value) {
  return pack_code(format, value);
}
int posit_max_exponent(const Format& format) { return max_exponent(format); }

const FamilyOps kPositOps = {Family::kPosit, parse,          name_of,   traits_of, unpack_code,
                             pack_code,      boundary_above, layout_of, known,     "posit",
                             "NaR",          true,           centre_of, rounding,  overflow};

}  // namespace posittune::formats
