#include "tests/kernels/test_targets.h"

#include <algorithm>

namespace posittune::kernels {

std::vector<const Target*> vector_targets() {
  std::vector<const Target*> found;
  for (const TargetEntry& entry : targets()) {
    const std::string_view name = entry.name;
    if (name == "scalar" || !entry.supported()) continue;
    found.push_back(&entry.table());
#ifdef POSITTUNE_SIMD
    // Compiled with the AVX2 flags, so it runs where AVX2 does.
    if (name == "avx2") found.push_back(&avx512_emulated_target());
#endif
  }
  return found;
}

std::vector<const Target*> all_targets() {
  std::vector<const Target*> all = vector_targets();
  all.push_back(&scalar_target());
  return all;
}

bool runs(std::string_view name) {
  return std::ranges::any_of(targets(), [name](const TargetEntry& entry) {
    return entry.name == name && entry.supported();
  });
}

}  // namespace posittune::kernels
