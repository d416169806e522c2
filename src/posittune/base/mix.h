#pragma once

// Pseudorandom numbers that are a function of their input alone.

#include <cstdint>

namespace posittune {

// Golden ratio constant: the odd number nearest to 2^64 over the golden ratio; its multiples are
// spread evenly.
inline constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;

// Mixes the bits of a number; a bijection. source: G. L. Steele, D. Lea, C. H. Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014 (splitmix64).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace posittune
