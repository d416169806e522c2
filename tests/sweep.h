#pragma once

// Sweeps that are whole at night and sampled in the short run.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace posittune::testing_support {

// Which parts of a sweep are visited: `part % stride == residue`.
//
// POSITTUNE_SWEEP_STRIDE=N visits every Nth part; the residue is the number of the day (UTC) modulo
// N, so N days in a row visit all. POSITTUNE_SWEEP_RESIDUE names another one, to repeat a failure.
// Without them all parts are visited.
struct Sample {
  std::size_t stride = 1, residue = 0;

  static Sample from_environment() {
    const auto number = [](const char* name, std::size_t otherwise) {
      const char* text = std::getenv(name);
      return text == nullptr ? otherwise
                             : static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
    };
    Sample sample;
    sample.stride = number("POSITTUNE_SWEEP_STRIDE", 1);
    if (sample.stride == 0) sample.stride = 1;
    const auto day = static_cast<std::size_t>(std::time(nullptr) / 86400);
    sample.residue = number("POSITTUNE_SWEEP_RESIDUE", day) % sample.stride;
    if (sample.stride > 1) {
      std::printf(
          "sampled: every %zu-th part, residue %zu (POSITTUNE_SWEEP_RESIDUE=%zu repeats it)\n",
          sample.stride, sample.residue, sample.residue);
    }
    return sample;
  }

  bool visits(std::size_t part) const { return part % stride == residue; }
  // Of parts 0 .. parts-1.
  std::size_t visited(std::size_t parts) const {
    return parts / stride + (residue < parts % stride ? 1 : 0);
  }
};

}  // namespace posittune::testing_support
