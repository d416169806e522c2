#pragma once

// The work of `posittune quantize`: an npy array through scale choice and rounding, chunk by chunk.

#include <optional>
#include <string>
#include <vector>

#include "posittune/cli/array_chunks.h"
#include "posittune/cli/cli.h"
#include "posittune/data/npy.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::cli {

struct Job {
  formats::Format format;
  quant::ScaleRule rule;
  std::optional<float> given_scale;  // in place of the rule
  std::string output;
  bool codes;  // codes instead of float32
  int threads;
  data::NpyReader array;
  Layout layout;
  Streams streams;

  std::vector<float> scales{};       // one per channel, by choose_scales
  kernels::Difference difference{};  // by write_array

  kernels::Options kernel_options() const { return {.threads = threads}; }
};

Status choose_scales(Job& job);

// Writes job.output. Codes have companions: NAME.exponents.npy (E8M0) for block formats, and
// NAME.scales.npy (float32, one per channel) unless all scales are 1.
Status write_array(Job& job);

}  // namespace posittune::cli
