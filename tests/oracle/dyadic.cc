#include "oracle/dyadic.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace posittune::oracle {
namespace {

namespace mp = boost::multiprecision;

int highest_bit(const Integer& nonzero) {
  return static_cast<int>(mp::msb(nonzero.sign() < 0 ? Integer(-nonzero) : nonzero));
}

int lowest_bit(const Integer& nonzero) {
  return static_cast<int>(mp::lsb(nonzero.sign() < 0 ? Integer(-nonzero) : nonzero));
}

}  // namespace

// The C library takes the double apart, so this file knows nothing of IEEE 754 encodings.
Dyadic::Dyadic(double finite) {
  if (!std::isfinite(finite)) throw std::domain_error("Dyadic of a non-finite double");
  int exponent = 0;
  const double fraction = std::frexp(finite, &exponent);
  units_ = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  exponent_ = exponent - 53;
}

int Dyadic::floor_log2() const { return highest_bit(units_) + exponent_; }

int Dyadic::significant_bits() const {
  return sign() == 0 ? 0 : highest_bit(units_) - lowest_bit(units_) + 1;
}

bool Dyadic::fits(int precision, int lowest, int highest) const {
  return sign() == 0 || (significant_bits() <= precision &&
                         lowest_bit(units_) + exponent_ >= lowest && floor_log2() <= highest);
}

bool Dyadic::fits_double() const { return fits(53, -1074, 1023); }
bool Dyadic::fits_float() const { return fits(24, -149, 127); }

double Dyadic::to_double() const {
  if (sign() == 0) return 0;
  if (!fits_double()) throw std::domain_error("Dyadic is not a double");
  const int low = lowest_bit(units_);
  const Integer magnitude = (sign() < 0 ? Integer(-units_) : units_) >> low;
  const double odd = static_cast<double>(magnitude.convert_to<std::uint64_t>());
  return std::ldexp(sign() < 0 ? -odd : odd, exponent_ + low);
}

Integer Dyadic::scaled(int shift) const {
  if (sign() == 0) return 0;
  const int total = exponent_ + shift;
  if (total >= 0) return units_ << total;
  if (lowest_bit(units_) < -total) throw std::domain_error("Dyadic::scaled is not an integer");
  return units_ / (Integer(1) << -total);
}

Dyadic operator+(const Dyadic& a, const Dyadic& b) {
  if (a.exponent_ < b.exponent_) return b + a;
  return {(a.units_ << (a.exponent_ - b.exponent_)) + b.units_, b.exponent_};
}

std::strong_ordering operator<=>(const Dyadic& a, const Dyadic& b) {
  if (a.sign() != b.sign()) return a.sign() <=> b.sign();
  const int shift = a.exponent_ - b.exponent_;
  const int order = shift >= 0 ? Integer(a.units_ << shift).compare(b.units_)
                               : a.units_.compare(Integer(b.units_ << -shift));
  return order <=> 0;
}

}  // namespace posittune::oracle
