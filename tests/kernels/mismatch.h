#pragma once

// Bitwise comparison of arrays: the first difference as text.

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

namespace posittune::kernels {

// "3f800000 (1)": the bits of a value and the value.
template <class T>
std::string show_bits(T value) {
  char text[96];
  if constexpr (std::is_same_v<T, float>) {
    std::snprintf(text, sizeof text, "%08x (%.9g)", std::bit_cast<std::uint32_t>(value),
                  double{value});
  } else if constexpr (std::is_same_v<T, double>) {
    std::snprintf(text, sizeof text, "%016llx (%.17g)",
                  static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)), value);
  } else {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    std::snprintf(text, sizeof text, "%0*llx (%lld)", static_cast<int>(2 * sizeof(T)),
                  static_cast<unsigned long long>(bits), static_cast<long long>(value));
  }
  return text;
}

// Empty when both arrays hold the same bits, NaN payloads and signs of zero included. `in` gives
// the input of each element where there is one.
template <class T, class In = T>
std::string mismatch(std::span<const T> expected, std::span<const T> found,
                     std::span<const In> in = {}) {
  if (expected.size() != found.size()) {
    return std::to_string(found.size()) + " elements, expected " + std::to_string(expected.size());
  }
  if (expected.empty()) return {};
  if (std::memcmp(expected.data(), found.data(), expected.size_bytes()) == 0) return {};
  std::size_t i = 0;
  while (std::memcmp(&expected[i], &found[i], sizeof(T)) == 0) ++i;
  return "element " + std::to_string(i) + " of " + std::to_string(expected.size()) +
         (i < in.size() ? ": input " + show_bits(in[i]) : std::string()) + ": expected " +
         show_bits(expected[i]) + ", found " + show_bits(found[i]);
}

}  // namespace posittune::kernels
