#pragma once

// The targets that every test body of this folder runs over.

#include <vector>

#include "posittune/kernels/target.h"

namespace posittune::kernels {

// The real AVX-512 and AVX2 targets where this processor has them, and the AVX-512 source on
// emulated intrinsics wherever AVX2 runs. Empty in a build without POSITTUNE_SIMD.
std::vector<const Target*> vector_targets();

// The same and the scalar twin.
std::vector<const Target*> all_targets();

}  // namespace posittune::kernels
