#pragma once

// Hashes of what a format makes of floats: sums, so that threads may add them in any order.

#include <cstdint>

#include "posittune/cuda/arithmetic.h"

namespace posittune::cuda {

// All patterns of float32 in slabs, each with a hash of its own.
inline constexpr int kSlabs = 64;
inline constexpr std::int64_t kSlab = (std::int64_t{1} << 32) / kSlabs;

// source: the finalizer of MurmurHash3 (A. Appleby), public domain
POSITTUNE_HOST_DEVICE std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xff51'afd7'ed55'8ccd;
  x = (x ^ x >> 33) * 0xc4ce'b9fe'1a85'ec53;
  return x ^ x >> 33;
}

// Of one pattern, the pattern of its quantized value, and its code.
POSITTUNE_HOST_DEVICE std::uint64_t hash_of(std::uint32_t x, std::uint32_t value,
                                            std::uint32_t code) {
  return mixed(static_cast<std::uint64_t>(x) << 32 | value) +
         mixed(~(static_cast<std::uint64_t>(x) << 32 | code));
}

}  // namespace posittune::cuda
