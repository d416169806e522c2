// Symmetric integers of 2 to 16 bits: codes are two's complement, values -(2^(n-1)-1) .. 2^(n-1)-1.
// The code -2^(n-1), which a symmetric range leaves free, stands for NaN.
// The element of OCP MXINT8 is the same grid times 2^-6 (variant kIntFraction).

#include <cassert>

#include "posittune/formats/family.h"

namespace posittune::formats {
namespace {

std::uint32_t sign_bit(const Format& f) { return std::uint32_t{1} << (f.bits - 1); }
std::uint32_t max_magnitude(const Format& f) { return sign_bit(f) - 1; }

// log2 of the value of one unit.
int unit_exponent(const Format& f) { return f.variant == kIntFraction ? 2 - f.bits : 0; }

Unpacked unpack_code(const Format& f, std::uint32_t code) {
  code &= 2 * sign_bit(f) - 1;
  if (code == 0) return special(Unpacked::Kind::kZero);
  if (code == sign_bit(f)) return special(Unpacked::Kind::kNan);
  const bool negative = (code & sign_bit(f)) != 0;
  const std::uint32_t magnitude = negative ? 2 * sign_bit(f) - code : code;
  return normalized(negative, magnitude, unit_exponent(f));
}

std::uint32_t encode_magnitude(const Format& f, const Unpacked& u) {
  const int drop = 63 - (u.exponent - unit_exponent(f));
  if (drop <= 63 - f.bits) return max_magnitude(f);
  if (drop > 65) return 0;
  const std::uint64_t units = round_string(u.significand, drop, u.sticky);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(units, max_magnitude(f)));
}

std::uint32_t pack_code(const Format& f, const Unpacked& u) {
  std::uint32_t magnitude = 0;
  switch (u.kind) {
    case Unpacked::Kind::kZero:
      return 0;
    case Unpacked::Kind::kNan:
      return sign_bit(f);
    case Unpacked::Kind::kInfinite:
      magnitude = max_magnitude(f);
      break;
    case Unpacked::Kind::kFinite:
      magnitude = encode_magnitude(f, u);
  }
  return u.negative ? (0 - magnitude) & (2 * sign_bit(f) - 1) : magnitude;
}

Traits traits_of(const Format& f) {
  const double unit = std::ldexp(1.0, unit_exponent(f));
  return {.max = max_magnitude(f) * unit,
          .min = unit,
          .min_normal = unit,
          .epsilon = f.bits == 2 ? 0 : unit,
          .significand_bits = f.bits - 1,
          .nan_code = sign_bit(f),
          .has_infinity = false,
          .has_negative_zero = false,
          .standard = true,
          .source = f.variant == kIntFraction ? "OCP MX v1.0" : "symmetric integer quantization"};
}

std::string name_of(const Format& f) {
  return "int" + std::to_string(f.bits) + (f.variant == kIntFraction ? "frac" : "");
}

std::string layout_of(const Format& f) {
  return "two's complement " + std::to_string(f.bits) +
         (f.variant == kIntFraction ? ", unit 2^-" + std::to_string(f.bits - 2) : "");
}

std::optional<Format> parse(std::string_view text) {
  if (!take(text, "int") && !take(text, "i")) return {};
  const auto n = take_number(text);
  if (!n || *n < 2 || *n > kMaxIntBits) return {};
  Format format = integer(*n);
  if (take(text, "frac")) format.variant = kIntFraction;
  return text.empty() ? std::optional(format) : std::nullopt;
}

std::vector<Format> known() {
  return {integer(16), integer(12), integer(8), integer(7), integer(6),
          integer(5),  integer(4),  integer(3), integer(2)};
}

// int2 and int3 have no room for tails: their centre is the largest value.
double centre_of(const Format& format) {
  const double max = traits_of(format).max;
  return max <= 3 ? max : max / 4;
}
std::string rounding(const Format&) { return "nearest, ties to even"; }
std::string overflow(const Format&) { return "saturates, infinities too"; }

}  // namespace

Format integer(int n) {
  assert(n >= 2 && n <= kMaxIntBits);
  return {.family = Family::kInt, .bits = static_cast<std::uint8_t>(n), .exp_bits = 0};
}

const FamilyOps kIntOps = {Family::kInt, parse,        name_of,   traits_of, unpack_code,
                           pack_code,    middle_above, layout_of, known,     "int",
                           "NaN",        false,        centre_of, rounding,  overflow};

}  // namespace posittune::formats
