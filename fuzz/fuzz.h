#pragma once

// What the fuzz targets share: reading choices from the fuzzer's bytes, and failing loudly.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "posittune/kernels/dispatch.h"

namespace posittune::fuzz {

inline void require(bool holds, const char* promise, const std::string& where = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s %s\n", promise, where.c_str());
  std::abort();
}

// Arrays are compared as bytes: NaN payloads and signs of zero count.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// Takes values from the front of the input; zeros after its end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  std::size_t size() const { return rest_.size(); }

  template <class T>
  T take() {
    T value{};
    const std::size_t n = std::min(sizeof value, rest_.size());
    if (n > 0) std::memcpy(&value, rest_.data(), n);
    rest_ = rest_.subspan(n);
    return value;
  }
  // A number in [low, high], from one byte.
  int between(int low, int high) { return low + take<std::uint8_t>() % (high - low + 1); }

  // `count` values: those of the input, then the same again with other low bits.
  template <class T>
  std::vector<T> array(std::size_t count) {
    std::vector<T> values(count);
    std::size_t first = 0;
    for (; first < count && !rest_.empty(); ++first) values[first] = take<T>();
    std::uint32_t random = 1;
    for (std::size_t i = first; first > 0 && i < count; ++i) {
      random = random * 1664525u + 1013904223u;
      const auto flips = static_cast<T>(random >> 24);
      values[i] = static_cast<T>(values[i - first] ^ flips);
    }
    return values;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

// Calls body(target) with each target this processor can run in force; "scalar" comes last.
template <class Body>
void for_each_target(Body body) {
  for (const kernels::TargetEntry& entry : kernels::targets()) {
    if (!entry.supported()) continue;
    const kernels::ScopedTarget scope(entry.table());
    body(entry.name);
  }
}

inline const kernels::Target& scalar() { return kernels::targets().back().table(); }

}  // namespace posittune::fuzz
