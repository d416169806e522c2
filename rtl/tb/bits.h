#pragma once

// Fields of the wide ports of Verilated models (arrays of 32-bit words, or one word).

#include <cstdint>
#include <vector>

namespace posittune::rtl {

// A port of any width as words.
template <class Port>
std::uint32_t* port(Port& value) {
  static_assert(sizeof(Port) % sizeof(std::uint32_t) == 0);
  return reinterpret_cast<std::uint32_t*>(&value);
}

// At most 32 bits from bit `low` on.
inline std::uint32_t get_bits(const std::uint32_t* words, int low, int width) {
  std::uint64_t two = words[low / 32];
  if (low % 32 + width > 32) two |= std::uint64_t{words[low / 32 + 1]} << 32;
  return static_cast<std::uint32_t>(two >> (low % 32) & ((std::uint64_t{1} << width) - 1));
}

inline void set_bits(std::uint32_t* words, int low, int width, std::uint32_t value) {
  for (int i = 0; i < width; ++i) {
    std::uint32_t& word = words[(low + i) / 32];
    const std::uint32_t bit = std::uint32_t{1} << ((low + i) % 32);
    word = (value >> i & 1) != 0 ? word | bit : word & ~bit;
  }
}

// `width` bits from bit `low` on, sign-extended over `count` words.
inline std::vector<std::uint32_t> get_signed(const std::uint32_t* words, int low, int width,
                                             std::size_t count) {
  std::vector<std::uint32_t> out(count, 0);
  for (int i = 0; i < static_cast<int>(32 * count); ++i) {
    const int bit = low + (i < width ? i : width - 1);
    out[static_cast<std::size_t>(i / 32)] |= (words[bit / 32] >> (bit % 32) & 1) << (i % 32);
  }
  return out;
}

}  // namespace posittune::rtl
