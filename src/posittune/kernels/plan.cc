#include "posittune/kernels/plan.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>

#include "posittune/formats/block.h"

namespace posittune::kernels {
namespace {

using formats::Family;
using formats::Format;

std::int32_t pattern(float x) { return std::bit_cast<std::int32_t>(x); }

void plan_posit(Plan& p) {
  const int n = p.bits, es = p.format.exp_bits;
  const int max_exponent = (n - 2) << es;
  p.regime_shift = 23 + es;
  // posit<2,es> has the one magnitude 1: any place to round at leaves it alone.
  p.shift_base = n == 2 ? 1 : 26 + es - n;
  // Exponent + 128 has the low es bits of the exponent itself. With all of them cut the last code
  // bit is the regime's: 0 at the positive end (1..10) and 1 at the negative end (0..01), while k =
  // n-3 and k = -(n-2) have the parities of n-3 and n.
  const int bias_parity = (128 >> es) % 2;
  const int flip = (n % 2 == 0 ? 1 : 0) ^ bias_parity;
  p.aligned = (std::int32_t{1} << 23) + flip * (std::int32_t{1} << p.regime_shift);
  p.low_bits = pattern(p.range.low);
  // Just below maxpos: rounds up to it, and its regime has a terminator as all others.
  p.high_bits = pattern(p.range.high) - (p.traits.max <= FLT_MAX && n > 2 ? 1 : 0);
  const bool narrow = max_exponent <= 126 && p.shift_base >= 1;
  const bool flush = p.format.variant == formats::kPositFlush;
  p.flush_bits = std::max(1, pattern(static_cast<float>(p.traits.min / 2)));
  p.fast_bits = pattern(std::ldexp(1.0f, std::max(-126 + (1 << es), -max_exponent)));
  p.kind = narrow ? (flush ? Kind::kPositFlush : Kind::kPosit)
                  : (flush ? Kind::kScalar : Kind::kPositWide);
  // Two regime bits, exponent and fraction take 25 + es bits; the regime adds up to n-3.
  const bool is_short = p.kind == Kind::kPosit && n >= 3 && n <= 10 - es;
  p.encode_kind = is_short ? Kind::kPositShort : p.shift_base >= 1 ? p.kind : Kind::kScalar;
  p.decode_kind = p.shift_base < 0 || p.kind == Kind::kScalar ? Kind::kScalar
                  : narrow                                    ? Kind::kPosit
                                                              : Kind::kPositWide;
}

void plan_float(Plan& p) {
  const int exp_bits = p.format.exp_bits;
  p.man_bits = p.bits - 1 - exp_bits;
  p.unit = static_cast<float>(p.traits.min);
  p.min_exp_bits = pattern(static_cast<float>(p.traits.min_normal));
  p.inf_code = p.traits.has_infinity ? ((1 << exp_bits) - 1) << p.man_bits : -1;
  const bool to_infinity = p.bits > 8 && p.format.variant == formats::kIeee;
  p.overflow = to_infinity ? INFINITY : p.max;
  p.limit = to_infinity && exp_bits < 8 ? std::ldexp(1.0f, std::ilogb(p.traits.max) + 1) : p.max;
  p.most_bits = pattern(p.overflow);
  p.kind = exp_bits == 8      ? (p.man_bits == 23 ? Kind::kCopy : Kind::kFloatShift)
           : p.man_bits == 23 ? Kind::kScalar  // the magic addition of kFloat needs a spare bit
                              : Kind::kFloat;
  p.encode_kind = p.decode_kind = p.kind;
}

}  // namespace

Plan make_plan(const Format& format) {
  Plan p;
  p.format = formats::element(format);
  p.traits = formats::traits(p.format);
  p.range = formats::float_range(p.format);
  p.clamp_low = p.traits.min < FLT_TRUE_MIN || p.range.low > p.traits.min;
  p.bits = format.bits;
  p.max_code = static_cast<std::int32_t>(formats::encode(p.format, p.traits.max));
  p.nan_code =
      static_cast<std::int32_t>(p.traits.nan_code.value_or(static_cast<std::uint32_t>(p.max_code)));
  p.max = p.range.high;
  p.block = format.block;
  if (format.block != 0) p.block_emax = std::ilogb(p.traits.max);
  switch (format.family) {
    case Family::kPosit:
      plan_posit(p);
      break;
    case Family::kFloat:
      plan_float(p);
      break;
    case Family::kInt:
      p.kind = p.encode_kind = p.decode_kind = Kind::kInt;
      p.unit = static_cast<float>(p.traits.min);
      break;
    default:
      break;  // a family without vector algorithms runs the plain twin
  }
  return p;
}

}  // namespace posittune::kernels
