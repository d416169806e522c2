#pragma once

// Quantization of an npy array, chunk by chunk, so that it may be larger than memory: choice of
// scales, then rounding.

#include <optional>
#include <string>
#include <vector>

#include "posittune/data/npy.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/scale_rules.h"
#include "posittune/records/rounding.h"
#include "posittune/session/array_chunks.h"
#include "posittune/session/observer.h"

namespace posittune::session {

struct QuantizeJob {
  formats::Format format;
  quant::ScaleRule rule;
  std::optional<float> given_scale;  // replaces the rule
  std::string output;
  bool codes;  // codes instead of float32
  int threads;
  data::NpyReader array;
  Layout layout;
  Observer& observer;

  std::vector<float> scales{};       // one per channel, by choose_scales
  kernels::Difference difference{};  // set by write_array

  kernels::Options kernel_options() const { return {.threads = threads}; }
};

Status choose_scales(QuantizeJob& job);

// Writes job.output. Codes have companions: NAME.exponents.npy (E8M0) for block formats, and
// NAME.scales.npy (float32, one per channel) unless all scales are 1.
Status write_array(QuantizeJob& job);

// The record, without seconds. Call it after write_array().
records::Rounding record_of(const QuantizeJob& job);

}  // namespace posittune::session
