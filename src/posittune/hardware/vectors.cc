#include "posittune/hardware/vectors.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "posittune/base/mix.h"
#include "posittune/formats/codec.h"
#include "posittune/hardware/text.h"

namespace posittune::hardware {
namespace {

using formats::Family;
using formats::Format;

constexpr int kMaxProducts = 64;  // of one sum; GUARD of the units allows 2^14 - 1

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix(state_ += kGolden); }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // Sum of uniform numbers: near a normal one of variance 1, and the same on every machine.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(next() >> 11) * 0x1p-53;
    return sum;
  }

 private:
  std::uint64_t state_;
};

std::uint32_t mask_of(const Format& format) {
  return static_cast<std::uint32_t>(formats::code_count(format) - 1);
}

// Most sums are of values near 1, since an infinity or NaN hides all else that is in its sum;
// `wild` ones have any codes.
std::uint32_t draw(const Format& format, bool wild, Random& random) {
  const std::uint32_t mask = mask_of(format), top = std::uint32_t{1} << (format.bits - 1);
  const std::array<std::uint32_t, 6> corners = {0,       1,       mask,
                                                top - 1, top + 1, formats::encode(format, 1)};
  switch (wild ? random.below(4) : 2) {
    case 0:
      return static_cast<std::uint32_t>(random.next()) & mask;
    case 1:
      return random.below(16) == 0 ? top : corners[random.below(corners.size())];
    default:
      return formats::encode(
          format, format.family == Family::kInt ? random.normal() * top / 3 : random.normal());
  }
}

// Two's complement of any width, little endian words.
class Wide {
 public:
  explicit Wide(int bits) : bits_(bits), words_(static_cast<std::size_t>(bits + 31) / 32) {}

  // Adds value * 2^place; bits below 0 must be zero.
  void add(__int128 value, int place) {
    if (place < 0) {
      value >>= -place;
      place = 0;
    }
    const auto first = static_cast<std::size_t>(place / 32);
    const int rest = place % 32;
    unsigned __int128 low = static_cast<unsigned __int128>(value) << rest;
    const std::uint32_t sign = value < 0 ? ~std::uint32_t{0} : 0;
    std::uint64_t carry = 0;
    for (std::size_t i = first; i < words_.size(); ++i) {
      const std::uint32_t word = i - first < 4 ? static_cast<std::uint32_t>(low) : sign;
      low >>= 32;
      carry += std::uint64_t{words_[i]} + word;
      words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  // The two topmost bits differ.
  bool overflown() const { return bit(bits_ - 1) != bit(bits_ - 2); }
  void clear() { words_.assign(words_.size(), 0); }
  std::string hex() const {
    std::string text;
    for (int digit = (bits_ + 3) / 4 - 1; digit >= 0; --digit) {
      unsigned value = 0;
      for (int i = 3; i >= 0; --i) value = value << 1 | static_cast<unsigned>(bit(4 * digit + i));
      text += hex_digit(value);
    }
    return text;
  }

 private:
  bool bit(int place) const {
    return place < bits_ && (words_[static_cast<std::size_t>(place / 32)] >> (place % 32) & 1) != 0;
  }
  int bits_;
  std::vector<std::uint32_t> words_;
};

class Model {
 public:
  explicit Model(const Unit& unit) : unit_(unit), sum_(unit.accumulator_bits) {}

  void step(const Operands& pair) {
    if (pair.clear) {
      sum_.clear();
      nar_ = false;
      float_ = 0;
    }
    switch (unit_.activation.family) {
      case Family::kInt:
        sum_.add(__int128{integer(unit_.weight, pair.a)} * integer(unit_.activation, pair.b), 0);
        break;
      case Family::kPosit:
        add_posits(formats::decode(unit_.weight, pair.a),
                   formats::decode(unit_.activation, pair.b));
        break;
      case Family::kFloat:
        add_floats(operand(unit_.weight, pair.a), operand(unit_.activation, pair.b));
        break;
      default:
        break;  // no unit of another family
    }
  }
  bool nar() const { return nar_; }
  std::string hex() const {
    if (unit_.activation.family != Family::kFloat) return sum_.hex();
    Wide bits(32);
    bits.add(std::isnan(float_) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(float_), 0);
    return bits.hex();
  }

 private:
  // All codes count, also the one that formats:: leaves out.
  static std::int32_t integer(const Format& format, std::uint32_t code) {
    const int up = 32 - format.bits;
    return static_cast<std::int32_t>(code << up) >> up;
  }

  void add_posits(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) nar_ = true;
    if (nar_ || a == 0 || b == 0) return;
    // Significands of 30 bits at most: integers of 31, whose product fits.
    int a_exp = 0, b_exp = 0;
    const auto a_int = static_cast<std::int64_t>(std::ldexp(std::frexp(a, &a_exp), 31));
    const auto b_int = static_cast<std::int64_t>(std::ldexp(std::frexp(b, &b_exp), 31));
    sum_.add(__int128{a_int} * b_int, a_exp + b_exp - 62 - unit_.lsb);
    if (sum_.overflown()) nar_ = true;
  }

  // bf16 and fp32 read subnormals as zero.
  static double operand(const Format& format, std::uint32_t code) {
    const double value = formats::decode(format, code);
    return format.exp_bits == 8 && std::abs(value) < std::numeric_limits<float>::min() ? 0 : value;
  }

  // float_mac.sv: what fp32 cannot hold of product and sum is flushed to +0 or infinite; otherwise
  // one rounding.
  void add_floats(double a, double b) {
    constexpr double kTiny = std::numeric_limits<float>::min();
    double product = a * b;  // exact: 24 bits each
    if (std::abs(product) < kTiny) product = 0;
    if (std::abs(product) >= 0x1p128)
      product = std::copysign(std::numeric_limits<double>::infinity(), product);
    const double wide = float_ + product;  // exact where it is tiny
    if (std::abs(wide) < kTiny)
      float_ = 0;
    else if (product == 0 || !std::isfinite(product))
      float_ = static_cast<float>(wide);
    else
      float_ = std::fmaf(static_cast<float>(a), static_cast<float>(b), float_);
  }

  const Unit& unit_;
  Wide sum_;
  bool nar_ = false;
  float float_ = 0;
};

}  // namespace

Vectors make_vectors(const Unit& unit, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Model model(unit);
  Vectors vectors;
  std::uint64_t left = 0;
  bool wild = false;
  while (vectors.pairs.size() < count) {
    const bool clear = left == 0;
    if (clear) {
      wild = random.below(4) == 0;
      left = 1 + random.below(wild ? 4 : kMaxProducts);
    }
    --left;
    const bool last = left == 0 || vectors.pairs.size() + 1 == count;
    vectors.pairs.push_back(
        {clear, last, draw(unit.weight, wild, random), draw(unit.activation, wild, random)});
    model.step(vectors.pairs.back());
    if (!last) continue;
    vectors.sums.push_back(model.hex());
    vectors.nars.push_back(model.nar());
  }
  return vectors;
}

}  // namespace posittune::hardware
