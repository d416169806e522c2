#pragma once

// The sum that a MAC unit must hold, bit for bit: products of posits from formats/, in an integer
// of any size. Slow and plain.

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::rtl {

// Wide enough for posit<32,4>: 1922 bits and guards.
using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    2240, 2240, boost::multiprecision::signed_magnitude, boost::multiprecision::unchecked, void>>;

// 2^bits >= 0 shifts only: floor(x * 2^shift + half), half = 1/2 where bits are cut, else 0.
Integer shifted(const Integer& x, int shift, bool nearest);

class SumModel {
 public:
  // Bit 0 of the accumulator weighs 2^lsb; `width` bits with sign.
  SumModel(int lsb, int width);

  void clear();
  // Rounds the product to the last bit (ties up). NaR: an operand is, or the product or the sum is
  // not in [-2^(width-2), 2^(width-2)).
  void add_product(const formats::Format& a_format, std::uint32_t a,
                   const formats::Format& b_format, std::uint32_t b);

  bool is_nar() const { return nar_; }
  const Integer& sum() const { return sum_; }
  // Two's complement, sign-extended over `words` 32-bit words.
  std::vector<std::uint32_t> bits(std::size_t words) const;
  std::uint32_t to_posit(const formats::Format& format) const;

 private:
  bool fits(const Integer& x) const;

  int lsb_;
  Integer limit_;
  Integer sum_ = 0;
  bool nar_ = false;
};

}  // namespace posittune::rtl
