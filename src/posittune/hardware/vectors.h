#pragma once

// Vectors that test a MAC unit: pairs of codes in, sums out, computed by formats::.

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
  // acc_o after each last pair: hexadecimal, accumulator_bits / 4 digits, rounded up; and nar_o.
  std::vector<std::string> sums;
  std::vector<bool> nars;
};

// Makes `count` pairs in sums of 1 to 64 products: values near 1, random codes, and corner cases
// (zero, NaR or NaN, largest, smallest). The same arguments give the same vectors on every machine.
Vectors make_vectors(const Unit& unit, std::size_t count, std::uint64_t seed);

}  // namespace posittune::hardware
