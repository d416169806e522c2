// Floats of 3 to 32 bits, fpN_eXmY with N = 1+X+Y.
//
//   | s | exponent X | mantissa Y |   bias 2^(X-1)-1, subnormals at exponent field 0
//
// Specials by width: N >= 9 as IEEE 754 (infinities, NaN); fp8_e5m2 too (OCP OFP8); other 8-bit
// ones have a single NaN per sign, S.1..1.1..1, and no infinity (OCP OFP8 E4M3); below 8 bits every
// code is a number (OCP MX FP6, FP4). Overflow saturates up to 8 bits (OCP saturating mode), and in
// the saturating variant of wider ones.

#include <algorithm>
#include <cassert>

#include "posittune/formats/family.h"

namespace posittune::formats {
namespace {

struct Fields {
  int exp_bits, man_bits, bias, top;  // top: largest exponent field
  explicit Fields(const Format& f)
      : exp_bits(f.exp_bits),
        man_bits(f.bits - 1 - f.exp_bits),
        bias((1 << (f.exp_bits - 1)) - 1),
        top((1 << f.exp_bits) - 1) {}
  std::uint32_t mantissa_mask() const { return (std::uint32_t{1} << man_bits) - 1; }
  // Exponent of the smallest normal; subnormals count in units of 2^(min_exponent - man_bits).
  int min_exponent() const { return 1 - bias; }
  std::uint32_t infinity() const { return static_cast<std::uint32_t>(top) << man_bits; }
};

bool has_infinities(const Format& f) { return f.variant == kIeee || f.variant == kIeeeSaturating; }

std::uint32_t max_code(const Format& f) {
  const Fields p(f);
  const std::uint32_t last = p.infinity() | p.mantissa_mask();
  if (has_infinities(f)) return p.infinity() - 1;
  return f.variant == kNanOnly ? last - 1 : last;
}

std::optional<std::uint32_t> nan_code(const Format& f) {
  const Fields p(f);
  if (has_infinities(f)) return p.infinity() | std::uint32_t{1} << (p.man_bits - 1);
  if (f.variant == kNanOnly) return p.infinity() | p.mantissa_mask();
  return {};
}

Unpacked unpack_code(const Format& f, std::uint32_t code) {
  const Fields p(f);
  const bool negative = (code >> (f.bits - 1) & 1) != 0;
  const std::uint32_t magnitude = code & (p.infinity() | p.mantissa_mask());
  if (has_infinities(f) && magnitude >= p.infinity()) {
    return special(magnitude == p.infinity() ? Unpacked::Kind::kInfinite : Unpacked::Kind::kNan,
                   negative);
  }
  if (f.variant == kNanOnly && magnitude == *nan_code(f)) return special(Unpacked::Kind::kNan);
  if (magnitude == 0) return special(Unpacked::Kind::kZero, negative);
  const auto field = static_cast<int>(magnitude >> p.man_bits);
  const std::uint32_t mantissa = magnitude & p.mantissa_mask();
  const std::uint32_t hidden = field == 0 ? 0 : std::uint32_t{1} << p.man_bits;
  return normalized(negative, hidden | mantissa, std::max(field, 1) - p.bias - p.man_bits);
}

std::uint32_t overflow_code(const Format& f) {
  return f.bits > 8 && f.variant == kIeee ? Fields(f).infinity() : max_code(f);
}

std::uint32_t encode_magnitude(const Format& f, const Unpacked& u) {
  const Fields p(f);
  const int exponent = std::max(u.exponent, p.min_exponent());
  // Units of the last mantissa bit at this exponent: 63 - man_bits bits go, more when subnormal.
  const int drop = 63 - p.man_bits + (exponent - u.exponent);
  if (drop > 65) return 0;  // below half of the smallest subnormal
  const std::uint64_t units = round_string(u.significand, drop, u.sticky);
  // units has the hidden bit at man_bits, so adding carries into the exponent field by itself.
  const std::uint64_t code =
      (static_cast<std::uint64_t>(exponent - p.min_exponent()) << p.man_bits) + units;
  return code > max_code(f) ? overflow_code(f) : static_cast<std::uint32_t>(code);
}

std::uint32_t pack_code(const Format& f, const Unpacked& u) {
  std::uint32_t magnitude = 0;
  switch (u.kind) {
    case Unpacked::Kind::kZero:
      break;
    case Unpacked::Kind::kNan:
      return nan_code(f).value_or(max_code(f));
    case Unpacked::Kind::kInfinite:
      magnitude = overflow_code(f);
      break;
    case Unpacked::Kind::kFinite:
      magnitude = u.exponent > 200 ? overflow_code(f) : encode_magnitude(f, u);
  }
  return magnitude | static_cast<std::uint32_t>(u.negative) << (f.bits - 1);
}

bool is_named(const Format& f) { return f == fp32() || f == fp16() || f == bf16(); }

std::string source_of(const Format& of) {
  const Format f = plain(of);
  const Fields p(f);
  if (f == fp32() || f == fp16()) return "IEEE 754-2019";
  if (f == bf16()) return "bfloat16: the upper half of IEEE 754 binary32";
  if (f.bits == 8 && (p.exp_bits == 4 || p.exp_bits == 5)) return "OCP OFP8 v1.0";
  if (f == minifloat(2, 3) || f == minifloat(3, 2) || f == minifloat(2, 1)) return "OCP MX v1.0";
  return "no standard: specials as the OCP format of this width";
}

Traits traits_of(const Format& f) {
  const Fields p(f);
  const double one_ulp = std::ldexp(1.0, -p.man_bits);
  const double max = pack(unpack_code(f, max_code(f)));
  return {
      .max = max,
      .min = std::ldexp(1.0, p.min_exponent() - p.man_bits),
      .min_normal = std::ldexp(1.0, p.min_exponent()),
      .epsilon = max > 1 ? std::max(one_ulp, std::ldexp(1.0, p.min_exponent() - p.man_bits)) : 0,
      .significand_bits = p.man_bits + 1,
      .nan_code = nan_code(f),
      .has_infinity = has_infinities(f),
      .has_negative_zero = true,
      .standard = true,
      .source = source_of(f)};
}

std::string name_of(const Format& of) {
  const Format f = plain(of);
  if (is_named(f)) return f == bf16() ? "bf16" : f == fp16() ? "fp16" : "fp32";
  const Fields p(f);
  return "fp" + std::to_string(f.bits) + "_e" + std::to_string(p.exp_bits) + "m" +
         std::to_string(p.man_bits);
}

std::string layout_of(const Format& f) {
  const Fields p(f);
  return "sign 1 | exponent " + std::to_string(p.exp_bits) + " (bias " + std::to_string(p.bias) +
         ") | mantissa " + std::to_string(p.man_bits);
}

struct Alias {
  std::string_view text;
  int exp_bits, man_bits;
};
constexpr Alias kAliases[] = {
    {"fp32", 8, 23},    {"float32", 8, 23}, {"f32", 8, 23},  {"float", 8, 23}, {"fp16", 5, 10},
    {"float16", 5, 10}, {"f16", 5, 10},     {"half", 5, 10}, {"bf16", 8, 7},   {"bfloat16", 8, 7},
    {"tf32", 8, 10},    {"fp8", 4, 3},      {"fp4", 2, 1}};

bool is_valid(int exp_bits, int man_bits) {
  const int n = 1 + exp_bits + man_bits;
  if (exp_bits < 1 || exp_bits > 8 || man_bits < 0 || man_bits > 23 || n < 3) return false;
  return n <= 8 || (exp_bits >= 2 && man_bits >= 1);  // IEEE specials need room
}

// fp8_e4m3  float8_e4m3fn  f8e4m3  e4m3
std::optional<Format> parse(std::string_view text) {
  for (const Alias& alias : kAliases) {
    if (text == alias.text) return minifloat(alias.exp_bits, alias.man_bits);
  }
  const bool prefixed = take(text, "float") || take(text, "fp") || take(text, "f");
  const auto n = prefixed ? take_number(text) : std::optional<int>{};
  if (prefixed && !n) return {};
  take(text, "_");
  if (!take(text, "e")) return {};
  const auto exp_bits = take_number(text);
  if (!exp_bits || !take(text, "m")) return {};
  const auto man_bits = take_number(text);
  if (!man_bits || !is_valid(*exp_bits, *man_bits)) return {};
  if (n && *n != 1 + *exp_bits + *man_bits) return {};
  const Format format = minifloat(*exp_bits, *man_bits);
  // The spelling of ml_dtypes and PyTorch; "fn" only where it is what the name means here.
  if (take(text, "fn") && format.variant == kIeee) return {};
  return text.empty() ? std::optional(format) : std::nullopt;
}

std::vector<Format> known() {
  return {fp32(),          fp16(),          bf16(),          minifloat(4, 3), minifloat(5, 2),
          minifloat(3, 4), minifloat(2, 5), minifloat(2, 3), minifloat(3, 2), minifloat(2, 1)};
}

double centre_of(const Format&) { return 1.0; }
std::string rounding(const Format&) { return "nearest, ties to even; subnormals kept"; }
std::string overflow(const Format& format) {
  if (format.bits > 8)
    return "becomes infinity; under a chosen scale saturates (OCP saturating mode), infinities too";
  return traits_of(format).has_infinity
             ? "saturates (OCP saturating mode); its infinity codes only decode"
             : "saturates, infinities too";
}

}  // namespace

Format minifloat(int exp_bits, int man_bits) {
  assert(is_valid(exp_bits, man_bits));
  const int n = 1 + exp_bits + man_bits;
  const bool e5m2 = exp_bits == 5 && man_bits == 2;
  const FloatSpecials specials = n >= 9 || e5m2 ? kIeee : n == 8 ? kNanOnly : kFinite;
  return {.family = Family::kFloat,
          .bits = static_cast<std::uint8_t>(n),
          .exp_bits = static_cast<std::uint8_t>(exp_bits),
          .variant = specials};
}

Format saturating(const Format& format) {
  Format made = format;
  const bool overflows = made.family == Family::kFloat && made.bits > 8 && made.variant == kIeee;
  if (overflows) made.variant = kIeeeSaturating;
  return made;
}

Format plain(const Format& format) {
  Format made = format;
  if (made.family == Family::kFloat && made.variant == kIeeeSaturating) made.variant = kIeee;
  return made;
}

const FamilyOps kFloatOps = {Family::kFloat, parse,        name_of,   traits_of, unpack_code,
                             pack_code,      middle_above, layout_of, known,     "float",
                             "NaN",          false,        centre_of, rounding,  overflow};

}  // namespace posittune::formats
