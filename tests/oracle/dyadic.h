#pragma once

// Exact dyadic rationals units * 2^exponent with integers of any size. Every value of every format,
// every float and double, and every sum and product of them is one, so nothing here ever rounds.

#include <boost/multiprecision/cpp_int.hpp>
#include <compare>

namespace posittune::oracle {

using Integer = boost::multiprecision::cpp_int;

class Dyadic {
 public:
  Dyadic() = default;
  Dyadic(Integer units, int exponent) : units_(std::move(units)), exponent_(exponent) {}
  explicit Dyadic(double finite);

  static Dyadic power_of_two(int exponent) { return {Integer(1), exponent}; }

  int sign() const { return units_.sign(); }
  Dyadic abs() const { return sign() < 0 ? -*this : *this; }
  Dyadic half() const { return {units_, exponent_ - 1}; }

  // floor(log2(|this|)); this != 0.
  int floor_log2() const;
  // Bits from the highest to the lowest one that is set; 0 for zero.
  int significant_bits() const;

  bool fits_double() const;
  bool fits_float() const;
  // Throws std::domain_error when the value is not exactly a double: the test that asks is wrong.
  double to_double() const;
  // this * 2^shift; throws std::domain_error when that is not an integer.
  Integer scaled(int shift) const;

  Dyadic operator-() const { return {-units_, exponent_}; }
  friend Dyadic operator+(const Dyadic& a, const Dyadic& b);
  friend Dyadic operator-(const Dyadic& a, const Dyadic& b) { return a + -b; }
  friend Dyadic operator*(const Dyadic& a, const Dyadic& b) {
    return {a.units_ * b.units_, a.exponent_ + b.exponent_};
  }
  friend std::strong_ordering operator<=>(const Dyadic& a, const Dyadic& b);
  friend bool operator==(const Dyadic& a, const Dyadic& b) { return (a <=> b) == 0; }

 private:
  bool fits(int precision, int lowest_bit, int highest_bit) const;

  Integer units_ = 0;
  int exponent_ = 0;
};

}  // namespace posittune::oracle
