#pragma once

// Test vectors for a MAC unit: pairs of codes in, sums out, from formats::.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/hardware/unit.h"

namespace posittune::hardware {

struct Operands {
  bool clear = false, last = false;  // the pair begins, ends a sum
  std::uint32_t a = 0, b = 0;
};

struct Vectors {
  std::vector<Operands> pairs;
  std::vector<std::string>
      sums;  // acc_o of each last pair: hexadecimal, accumulator_bits / 4 digits, rounded up
  std::vector<bool> nars;  // nar_o with it
};

// `count` pairs in sums of 1 to 64 products: values near 1, any codes, and corners (zero, NaR or
// NaN, largest, smallest). The same for the same arguments, everywhere.
Vectors make_vectors(const Unit& unit, std::size_t count, std::uint64_t seed);

}  // namespace posittune::hardware
