#include "posittune/kernels/scalar.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "posittune/formats/block.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void quantize(const Plan& p, const float* x, float* y, std::size_t n, float scale, float inverse) {
  for (std::size_t i = 0; i < n; ++i) y[i] = round_one(p, x[i], scale) * inverse;
}

template <class T>
void encode(const Plan& p, const float* x, T* codes, std::size_t n, float scale, float) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = static_cast<T>(encode_one(p, x[i], scale));
}

template <class T>
void decode(const Plan& p, const T* codes, float* y, std::size_t n, float inverse) {
  for (std::size_t i = 0; i < n; ++i) y[i] = decode_one(p, codes[i]) * inverse;
}

void to_bf16(const Plan& p, const float* x, std::uint16_t* out, std::size_t n, float scale, float) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(round_one(p, x[i], scale)) >> 16);
  }
}

void to_int8(const Plan& p, const float* x, std::int8_t* out, std::size_t n, float scale, float) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto code = static_cast<std::int32_t>(encode_one(p, x[i], scale) << (32 - p.bits));
    out[i] = static_cast<std::int8_t>(code >> (32 - p.bits));
  }
}

// Calls body(first, count, exponent) for each block of a row.
template <class Body>
void for_blocks(const Plan& p, const float* x, std::size_t n, float scale, Body body) {
  const auto block = static_cast<std::size_t>(p.block);
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t count = std::min(block, n - first);
    body(first, count, block_exponent(p, x + first, count, scale));
  }
}

void block_quantize(const Plan& p, const float* x, float* y, std::size_t n, float scale,
                    float inverse) {
  for_blocks(p, x, n, scale, [&](std::size_t first, std::size_t count, int exponent) {
    for (std::size_t i = first; i < first + count; ++i) {
      const float q = round_one(p, x[i] * scale, power_of_two(-exponent));
      y[i] = q * power_of_two(exponent) * inverse;
    }
  });
}

void block_encode(const Plan& p, const float* x, std::uint8_t* codes, std::uint8_t* exponents,
                  std::size_t n, float scale) {
  for_blocks(p, x, n, scale, [&](std::size_t first, std::size_t count, int exponent) {
    exponents[first / static_cast<std::size_t>(p.block)] = formats::encode_e8m0(exponent);
    for (std::size_t i = first; i < first + count; ++i) {
      codes[i] = static_cast<std::uint8_t>(encode_one(p, x[i] * scale, power_of_two(-exponent)));
    }
  });
}

void block_decode(const Plan& p, const std::uint8_t* codes, const std::uint8_t* exponents, float* y,
                  std::size_t n, float inverse) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t code = exponents[i / static_cast<std::size_t>(p.block)];
    const float shared = code == 255 ? kNan : power_of_two(formats::decode_e8m0(code));
    y[i] = decode_one(p, codes[i]) * shared * inverse;
  }
}

double sum_lanes(const double (&lanes)[kSumLanes]) {
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

Moments moments(const float* x, std::size_t n) {
  Moments m;
  double sum_abs[kSumLanes] = {}, sum_squares[kSumLanes] = {};
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) {
      ++m.nonfinite;
      continue;
    }
    const float a = std::fabs(x[i]);
    m.absmax = std::max(m.absmax, a);
    m.zeros += a == 0 ? 1 : 0;
    sum_abs[i % kSumLanes] += double{a};
    sum_squares[i % kSumLanes] += double{a} * double{a};
  }
  m.sum_abs = sum_lanes(sum_abs);
  m.sum_squares = sum_lanes(sum_squares);
  return m;
}

void add_squared_errors(const float* x, const float* y, const float* w, std::size_t n,
                        double* lanes) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) continue;
    const float e = y[i] - x[i];
    const double square = double{e} * double{e};
    lanes[i % kSumLanes] += w == nullptr ? square : double{w[i]} * square;
  }
}

void histogram(const float* x, std::size_t n, std::uint64_t* bins) {
  for (std::size_t i = 0; i < n; ++i) {
    ++bins[(std::bit_cast<std::uint32_t>(x[i]) & 0x7fff'ffff) >> 20];
  }
}

template <class T>
void pack(const T* codes, std::size_t n, int bits, std::uint8_t* out) {
  std::uint64_t pending = 0;
  int held = 0;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t i = 0; i < n; ++i) {
    pending |= (codes[i] & mask) << held;
    for (held += bits; held >= 8; held -= 8, pending >>= 8) {
      *out++ = static_cast<std::uint8_t>(pending);
    }
  }
  if (held > 0) *out = static_cast<std::uint8_t>(pending);
}

template <class T>
void unpack(const std::uint8_t* in, std::size_t n, int bits, T* codes) {
  std::uint64_t pending = 0;
  int held = 0;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t i = 0; i < n; ++i) {
    for (; held < bits; held += 8) pending |= std::uint64_t{*in++} << held;
    codes[i] = static_cast<T>(pending & mask);
    pending >>= bits;
    held -= bits;
  }
}

template <class Run>
void fill(Run (&entries)[kKinds], Run run) {
  for (Run& entry : entries) entry = run;
}

}  // namespace

float scaled(const Plan& p, float x, float scale) {
  const float y = x * scale;
  if (p.format.family != formats::Family::kPosit || x == 0 || !std::isfinite(x)) return y;
  const float a = std::fabs(y);
  const float low = p.clamp_low ? p.range.low : FLT_TRUE_MIN;
  const bool flushed = p.format.variant == formats::kPositFlush && y == 0;
  return flushed ? y : std::copysign(std::clamp(a, low, p.range.high), x);
}

float round_one(const Plan& p, float x, float scale) {
  return static_cast<float>(formats::round(p.format, double{scaled(p, x, scale)}));
}

std::uint32_t encode_one(const Plan& p, float x, float scale) {
  return formats::encode(p.format, double{scaled(p, x, scale)});
}

float decode_one(const Plan& p, std::uint32_t code) {
  const double value = formats::decode(p.format, code);
  return std::isnan(value) ? kNan : static_cast<float>(value);
}

int block_exponent(const Plan& p, const float* x, std::size_t n, float scale) {
  float absmax = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float a = std::fabs(x[i] * scale);
    if (a <= FLT_MAX) absmax = std::max(absmax, a);
  }
  if (absmax == 0) return -127;
  return std::clamp(std::ilogb(absmax) - p.block_emax, -127, 127);
}

float power_of_two(int exponent) { return std::ldexp(1.0f, exponent); }

const Target& scalar_target() {
  static const Target target = [] {
    Target t{};
    t.name = "scalar";
    fill(t.quantize, &quantize);
    fill(t.quantize_stream, &quantize);
    fill(t.encode8, &encode<std::uint8_t>);
    fill(t.encode16, &encode<std::uint16_t>);
    fill(t.encode32, &encode<std::uint32_t>);
    fill(t.decode8, &decode<std::uint8_t>);
    fill(t.decode16, &decode<std::uint16_t>);
    fill(t.decode32, &decode<std::uint32_t>);
    fill(t.to_bf16, &to_bf16);
    fill(t.to_int8, &to_int8);
    t.block_quantize = &block_quantize;
    t.block_encode = &block_encode;
    t.block_decode = &block_decode;
    t.moments = &moments;
    t.add_squared_errors = &add_squared_errors;
    t.histogram = &histogram;
    t.pack8 = &pack<std::uint8_t>;
    t.pack16 = &pack<std::uint16_t>;
    t.pack32 = &pack<std::uint32_t>;
    t.unpack8 = &unpack<std::uint8_t>;
    t.unpack16 = &unpack<std::uint16_t>;
    t.unpack32 = &unpack<std::uint32_t>;
    return t;
  }();
  return target;
}

}  // namespace posittune::kernels
