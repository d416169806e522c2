// Binary floats by definition: IEEE 754-2019 section 3.4 with bias 2^(X-1)-1, and for few bits the
// specials of OCP OFP8 v1.0 (8 bits) and OCP MX v1.0 (FP6, FP4). By width N = 1+X+Y:
//
//   N >= 9, E5M2   largest exponent field: infinities and NaN (IEEE)
//   other N == 8   S.1..1.1..1 is NaN, everything else a number (OFP8 E4M3)
//   N <= 7         every code is a number (FP6, FP4)
//
// Overflow, and infinities, saturate to the largest number for N <= 8 (OFP8 saturating mode) and
// give infinity from N = 9 on (IEEE 754 section 7.4).

#include "oracle/model.h"

namespace posittune::oracle {
namespace {

class FloatModel : public Model {
 public:
  FloatModel(int exp_bits, int man_bits) : x_(exp_bits), y_(man_bits) {}

  int bits() const override { return 1 + x_ + y_; }

  Value value(std::uint32_t code) const override {
    const bool negative = (code >> (x_ + y_)) != 0;
    const std::uint32_t magnitude = code & (sign_bit() - 1);
    if (is_nan(magnitude)) return {.kind = Value::Kind::kNan};
    if (ieee() && magnitude == infinity()) return {Value::Kind::kInfinite, negative};
    const Dyadic number = magnitude_value(magnitude);
    return {Value::Kind::kFinite, negative, negative ? -number : number};
  }

  std::int64_t last() const override { return saturates() ? max_code() : infinity(); }
  std::uint32_t code_at(std::int64_t position) const override {
    return position < 0 ? sign_bit() | static_cast<std::uint32_t>(-position)
                        : static_cast<std::uint32_t>(position);
  }

  // Half way between the neighbours. Next to infinity the upper neighbour is the number that would
  // follow if the exponent had no end, which is how magnitude_value reads that code.
  Boundary above(std::int64_t position) const override {
    const auto near = static_cast<std::uint32_t>(position >= 0 ? position : -(position + 1));
    const Dyadic middle = (magnitude_value(near) + magnitude_value(near + 1)).half();
    const bool away = tie_away(near);
    return position >= 0 ? Boundary{middle, away} : Boundary{-middle, !away};
  }

  std::uint32_t nan_result() const override {
    if (ieee()) return infinity() | 1U << (y_ - 1);  // quiet: first mantissa bit set
    return bits() == 8 ? sign_bit() - 1 : max_code();
  }
  std::uint32_t infinity_result(bool negative) const override {
    return (saturates() ? max_code() : infinity()) | (negative ? sign_bit() : 0);
  }
  std::uint32_t zero_result(bool negative) const override { return negative ? sign_bit() : 0; }

 private:
  bool ieee() const { return bits() >= 9 || (x_ == 5 && y_ == 2); }
  bool saturates() const { return bits() <= 8; }
  std::uint32_t sign_bit() const { return 1U << (x_ + y_); }
  std::uint32_t infinity() const { return ((1U << x_) - 1) << y_; }
  std::uint32_t max_code() const {
    return ieee() ? infinity() - 1 : bits() == 8 ? sign_bit() - 2 : sign_bit() - 1;
  }
  bool is_nan(std::uint32_t magnitude) const {
    return ieee() ? magnitude > infinity() : bits() == 8 && magnitude == sign_bit() - 1;
  }

  // The significand as an integer: mantissa with its hidden bit, none in field 0 (subnormal).
  std::uint32_t significand(std::uint32_t magnitude) const {
    const std::uint32_t hidden = (magnitude >> y_) == 0 ? 0 : 1U << y_;
    return hidden + (magnitude & ((1U << y_) - 1));
  }
  Dyadic magnitude_value(std::uint32_t magnitude) const {
    const int bias = (1 << (x_ - 1)) - 1;
    const int field = static_cast<int>(magnitude >> y_);
    return {Integer(significand(magnitude)), (field == 0 ? 1 : field) - bias - y_};
  }
  // IEEE 754-2019 section 4.3.1: a tie goes to the even significand; if both are odd (only possible
  // without mantissa bits) to the larger magnitude: away from zero exactly if the near one is odd.
  bool tie_away(std::uint32_t near) const { return significand(near) % 2 != 0; }

  int x_, y_;
};

}  // namespace

std::unique_ptr<Model> float_model(int exp_bits, int man_bits) {
  return std::make_unique<FloatModel>(exp_bits, man_bits);
}

}  // namespace posittune::oracle
