#pragma once

// The targets that every test body of this folder runs over.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {

// The real AVX-512 and AVX2 targets where this processor has them, and the AVX-512 source on
// emulated intrinsics wherever AVX2 runs. Empty in a build without POSITTUNE_SIMD.
std::vector<const Target*> vector_targets();

// The same and the scalar twin.
std::vector<const Target*> all_targets();

// Whether this build has the target of this name, and the processor its instructions.
bool runs(std::string_view name);

// Calls body(options, where) under each target and number of threads; `where` names both.
template <class Body>
void for_targets_and_threads(Body body) {
  for (const Target* target : all_targets()) {
    const ScopedTarget scoped(*target);
    for (const int threads : {1, 2, 3, 8}) {
      const std::string where =
          std::string(target->name) + ", " + std::to_string(threads) + " threads";
      ASSERT_NO_FATAL_FAILURE(body(Options{.threads = threads}, where));
    }
  }
}

}  // namespace posittune::kernels
