#include "tests/kernels/inputs.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>
#include <string>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"

namespace posittune::kernels {
namespace {

using formats::Format;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

void push_around(std::vector<float>& x, double value) {
  const auto centre = static_cast<float>(value);
  for (const float v :
       {std::nextafter(centre, -kInfinity), centre, std::nextafter(centre, kInfinity)}) {
    x.push_back(v);
    x.push_back(-v);
  }
}

// All positive codes 1..last, or a choice of them.
std::vector<std::uint32_t> some_codes(std::uint32_t last, std::size_t max_codes, Random& random) {
  std::vector<std::uint32_t> codes;
  if (last <= max_codes) {
    for (std::uint32_t code = 1; code <= last; ++code) codes.push_back(code);
    return codes;
  }
  const std::uint32_t ends = static_cast<std::uint32_t>(std::min<std::size_t>(40, max_codes / 4));
  for (std::uint32_t i = 1; i <= ends; ++i) {
    codes.push_back(i);
    codes.push_back(last + 1 - i);
  }
  while (codes.size() < max_codes) {
    codes.push_back(static_cast<std::uint32_t>(1 + random() % last));
  }
  return codes;
}

}  // namespace

std::vector<Format> plain_formats() {
  std::vector<Format> all;
  for (int n = 2; n <= formats::kMaxPositBits; ++n) {
    for (int es = 0; es <= formats::kMaxPositEs; ++es) {
      Format format = formats::posit(n, es);
      all.push_back(format);
      format.variant = formats::kPositFlush;
      all.push_back(format);
    }
  }
  for (int n = 2; n <= formats::kMaxIntBits; ++n) {
    Format format = formats::integer(n);
    all.push_back(format);
    format.variant = formats::kIntFraction;
    all.push_back(format);
  }
  for (int exp_bits = 1; exp_bits <= 8; ++exp_bits) {
    for (int man_bits = 0; man_bits <= 23; ++man_bits) {
      const auto format =
          formats::parse_format("e" + std::to_string(exp_bits) + "m" + std::to_string(man_bits));
      if (!format) continue;
      all.push_back(*format);
      if (formats::saturating(*format) != *format) all.push_back(formats::saturating(*format));
    }
  }
  return all;
}

std::vector<Format> block_formats() { return formats::known_blocks(); }

std::vector<Format> sample_formats() {
  std::vector<Format> some;
  for (const char* name :
       {"posit<8,1>", "posit<2,0>", "posit<8,1>ftz", "posit<16,2>", "posit<32,2>", "posit<32,4>",
        "posit<16,4>ftz", "int8", "int3", "int16", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "fp16",
        "bf16", "fp32", "fp31_e7m23"}) {
    some.push_back(formats::parse_format(name).value());
  }
  return some;
}

std::vector<float> usable_scales() {
  return {1.0f, 0.25f, 64.0f, 0x1p-20f, 0x1p30f, 0.37f, 1234.5f, 1e-30f, 1e30f, 0x1p-127f, FLT_MAX};
}

std::vector<float> special_floats() {
  std::vector<float> x;
  for (const std::uint32_t bits :
       {0x00000000u, 0x00000001u, 0x00000002u, 0x00400000u, 0x007fffffu, 0x00800000u, 0x00800001u,
        0x3f7fffffu, 0x3f800000u, 0x3f800001u, 0x4b000000u, 0x4f000000u, 0x4f7fffffu, 0x7f000000u,
        0x7f7fffffu, 0x7f800000u, 0x7f800001u, 0x7fa00000u, 0x7fc00000u, 0x7fffffffu}) {
    x.push_back(std::bit_cast<float>(bits));
    x.push_back(std::bit_cast<float>(bits | 0x80000000u));
  }
  return x;
}

std::vector<float> random_patterns(std::size_t n, Random& random) {
  std::vector<float> x(n);
  for (float& v : x) v = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
  return x;
}

std::vector<float> tensor_like(std::size_t n, Random& random) {
  std::normal_distribution<float> normal;
  const std::vector<float> specials = special_floats();
  std::vector<float> x(n);
  for (float& v : x) {
    const std::uint64_t kind = random() % 64;
    v = normal(random);
    if (kind == 0) v = specials[random() % specials.size()];
    if (kind == 1) v *= 1000;
    if (kind == 2) v *= 1e-6f;
    if (kind == 3) v = 0;
  }
  return x;
}

std::vector<float> rounding_inputs(const Format& format, float scale, std::size_t max_codes,
                                   Random& random) {
  const formats::FamilyOps& ops = formats::family_ops(format.family);
  const formats::Traits t = formats::traits(format);
  const std::uint32_t last = formats::encode(format, t.max);
  std::vector<float> x = special_floats();
  push_around(x, t.min / 2 / scale);  // the boundary below the smallest value
  for (const std::uint32_t code : some_codes(last, max_codes, random)) {
    push_around(x, formats::decode(format, code) / scale);
    if (code < last) push_around(x, ops.boundary_above(format, code) / scale);
  }
  if (last > 1) {
    // Where a float overflows: half a unit above the largest value.
    const double below = formats::decode(format, last - 1);
    push_around(x, (t.max + (t.max - below) / 2) / scale);
  }
  const std::vector<float> patterns = random_patterns(512, random);
  x.insert(x.end(), patterns.begin(), patterns.end());
  for (const float v : tensor_like(256, random)) x.push_back(v / scale);
  return x;
}

}  // namespace posittune::kernels
