#include "checker.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <limits>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

constexpr int kTableBits = 16;

std::string show(double x) {
  char text[64];
  std::snprintf(text, sizeof text, "%a (%.17g)", x, x);
  return text;
}

float to_float(double x) {
  return static_cast<float>(std::clamp(x, -double{FLT_MAX}, double{FLT_MAX}));
}

bool valid_float(int exp_bits, int man_bits) {
  const int n = 1 + exp_bits + man_bits;
  return n <= 8 ? n >= 3 && exp_bits <= 7 : exp_bits >= 2 && man_bits >= 1 && man_bits <= 23;
}

}  // namespace

std::vector<Format> posits(int low, int high) {
  std::vector<Format> all;
  for (int n = low; n <= high; ++n) {
    for (int es = 0; es <= kMaxPositEs; ++es) {
      Format format = posit(n, es);
      all.push_back(format);
      format.variant = kPositFlush;
      all.push_back(format);
    }
  }
  return all;
}

std::vector<Format> floats(int low, int high) {
  std::vector<Format> all;
  for (int n = low; n <= high; ++n) {
    for (int exp_bits = 1; exp_bits <= std::min(8, n - 1); ++exp_bits) {
      const int man_bits = n - 1 - exp_bits;
      if (valid_float(exp_bits, man_bits)) all.push_back(minifloat(exp_bits, man_bits));
    }
  }
  return all;
}

std::vector<Format> integers() {
  std::vector<Format> all;
  for (int n = 2; n <= kMaxIntBits; ++n) all.push_back(integer(n));
  return all;
}

std::vector<Format> blocks() {
  Format int8 = integer(8);
  int8.variant = kIntFraction;
  return {mx(minifloat(4, 3)), mx(minifloat(5, 2)), mx(minifloat(2, 3)),
          mx(minifloat(3, 2)), mx(minifloat(2, 1)), mx(int8)};
}

std::unique_ptr<oracle::Model> model_of(const Format& format) {
  switch (format.family) {
    case Family::kPosit:
      return oracle::posit_model(format.bits, format.exp_bits, format.variant == kPositFlush);
    case Family::kInt:
      return oracle::integer_model(format.bits, format.variant == kIntFraction);
    case Family::kFloat:
    case Family::kCount:
      break;
  }
  return oracle::float_model(format.exp_bits, format.bits - 1 - format.exp_bits);
}

std::string show_code(const Format& format, std::uint32_t code) {
  std::string bits;
  for (int i = format.bits - 1; i >= 0; --i) bits += (code >> i & 1) != 0 ? '1' : '0';
  return bits + " = " + show(decode(format, code));
}

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

Checker::Checker(const Format& format)
    : format_(format), model_(model_of(format)), range_(oracle::float_range(*model_)) {
  if (format.bits > kTableBits) return;
  table_ = std::make_unique<oracle::EncodeTable>(*model_);
  for (std::uint32_t c = 0; c < code_count(format); ++c) {
    values_.push_back(model_->value(c).to_double());
  }
}

bool Checker::fail(const std::string& call, const std::string& got, const std::string& expected) {
  mismatch_ = name(format_) + " " + call + "\n  got      " + got + "\n  expected " + expected;
  return false;
}

std::uint32_t Checker::expected_code(double x) const {
  return table_ ? table_->encode(x) : oracle::encode(*model_, x);
}

double Checker::value(std::uint32_t code) const {
  return values_.empty() ? model_->value(code).to_double() : values_[code];
}

bool Checker::code(std::uint32_t code) {
  ++codes_;
  const double want = value(code);
  const double got = decode(format_, code);
  if (!same(got, want)) return fail("decode of " + show_code(format_, code), show(got), show(want));
  // The value of a finite code must come back as this very code.
  const std::uint32_t want_code = std::isfinite(want) ? code : expected_code(want);
  const std::uint32_t got_code = encode(format_, want);
  if (got_code == want_code) return true;
  return fail("encode of decode " + show(want), show_code(format_, got_code),
              show_code(format_, want_code));
}

bool Checker::input(double x) {
  ++inputs_;
  const std::uint32_t want = expected_code(x);
  const std::uint32_t got = encode(format_, x);
  if (got != want) {
    return fail("encode of " + show(x), show_code(format_, got), show_code(format_, want));
  }
  const double want_value = std::isnan(x) ? x : value(want);
  const double got_value = formats::round(format_, x);
  if (same(got_value, want_value)) return true;
  return fail("round of " + show(x), show(got_value), show(want_value));
}

bool Checker::float_input(float x) {
  ++inputs_;
  const double want =
      std::isnan(x) ? double{x} : oracle::clamp_to_float(range_, value(expected_code(x)));
  const double got = round_to_float(format_, x);
  if (same(got, want)) return true;
  return fail("round_to_float of " + show(x), show(got), show(want));
}

bool Checker::around(double x) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr float inff = std::numeric_limits<float>::infinity();
  const float f = to_float(x);
  return input(x) && input(std::nextafter(x, -inf)) && input(std::nextafter(x, inf)) &&
         float_input(f) && float_input(std::nextafter(f, -inff)) &&
         float_input(std::nextafter(f, inff));
}

bool Checker::special_inputs() {
  for (const double sign : {1.0, -1.0}) {
    for (const double x : {0.0, 0x1p-1074, DBL_MIN, DBL_MAX, HUGE_VAL, std::nan(""),
                           double{FLT_TRUE_MIN}, double{FLT_MIN}, double{FLT_MAX}}) {
      if (!input(std::copysign(x, sign))) return false;
    }
    for (const float x : {0.0F, FLT_TRUE_MIN, std::nextafter(FLT_MIN, 0.0F), FLT_MIN, FLT_MAX,
                          HUGE_VALF, std::nanf("")}) {
      if (!float_input(std::copysign(x, static_cast<float>(sign)))) return false;
    }
  }
  return true;
}

bool Checker::boundary_above(std::int64_t position) {
  return around(model_->above(position).at.to_double());
}

bool Checker::all_codes() {
  for (std::uint32_t c = 0; c < code_count(format_); ++c) {
    if (!code(c)) return false;
  }
  return true;
}

bool Checker::all_inputs() {
  if (!special_inputs()) return false;
  for (std::int64_t i = model_->first(); i <= model_->last(); ++i) {
    const double x = value(model_->code_at(i));
    if (!around(x)) return false;
    if (i < model_->last() && !boundary_above(i)) return false;
  }
  return true;
}

std::uint64_t Checker::expected_inputs() const {
  const auto values = static_cast<std::uint64_t>(2 * model_->last() + 1);
  return kSpecialInputs + kAround * (values + (values - 1));
}

bool Checker::random_cases(int count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> positions(model_->first(), model_->last() - 1);
  std::uniform_real_distribution<double> logs(-600, 600), mantissas(1, 2);
  if (!special_inputs()) return false;
  for (int i = 0; i < count; ++i) {
    const std::int64_t position = positions(random);
    const std::uint32_t at = model_->code_at(position);
    if (!code(at) || !code(static_cast<std::uint32_t>(random() & (code_count(format_) - 1)))) {
      return false;
    }
    if (!around(value(at)) || !boundary_above(position)) return false;
    const double x = std::ldexp(mantissas(random), static_cast<int>(logs(random)));
    if (!input((random() & 1) != 0 ? x : -x)) return false;
    const auto bits = static_cast<std::uint32_t>(random());
    if (!float_input(std::bit_cast<float>(bits))) return false;
  }
  return true;
}

}  // namespace posittune::formats
