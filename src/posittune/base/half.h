#pragma once

// Half precision (IEEE 754 binary16), in which files and models may store numbers.

#include <cstdint>

namespace posittune {

// A half-precision number as its 16 bits: sign, 5 bits of exponent with bias 15, 10 bits of
// fraction. It is stored and converted, never calculated with.
struct Half {
  std::uint16_t bits = 0;

  Half() = default;
  // Rounds to the nearest number, ties to even. From 65520 on the result is infinite; a NaN becomes
  // 0x7e00 with its sign.
  explicit Half(float x);
  explicit operator float() const;  // exact
};

}  // namespace posittune
