#pragma once

// Posit arithmetic on codes: every result is the exact one rounded once (posit standard 2022,
// section 5). Arguments are codes of `format`, which must be a posit; NaR in gives NaR out.

#include <array>
#include <cstdint>

#include "posittune/formats/format.h"

namespace posittune::formats {

std::uint32_t posit_add(const Format& format, std::uint32_t a, std::uint32_t b);
std::uint32_t posit_mul(const Format& format, std::uint32_t a, std::uint32_t b);
// Fused multiply-add: a*b + c with one rounding.
std::uint32_t posit_fma(const Format& format, std::uint32_t a, std::uint32_t b, std::uint32_t c);

// Exact accumulator of products of posits: a two's complement fixed-point number.
//
//   bit picture, W = 4*(n-2)*2^es + 2 + carry bits, least significant bit = minpos^2
//   | sign | carry guard (at least 31) | integer 2*(n-2)*2^es + 1 | fraction 2*(n-2)*2^es |
//
// At least 2^31 products fit; overflow past the guard and any NaR make it NaR until clear().
class Quire {
 public:
  explicit Quire(const Format& format);

  void clear();
  void add_product(std::uint32_t a, std::uint32_t b);
  void sub_product(std::uint32_t a, std::uint32_t b);
  void add(std::uint32_t a);

  bool is_nar() const { return nar_; }
  std::uint32_t to_posit() const;  // one rounding
  int width() const { return 64 * limbs_; }

 private:
  void accumulate(bool negative, std::uint64_t magnitude, int shift);

  static constexpr int kMaxLimbs = 31;  // posit<32,4>: 1922 bits and 31 guard bits
  Format format_;
  int limbs_;
  bool nar_ = false;
  std::array<std::uint64_t, kMaxLimbs> bits_{};  // little-endian
};

}  // namespace posittune::formats
