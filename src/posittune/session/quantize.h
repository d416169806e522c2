#pragma once

// An npy array through scale choice and rounding, chunk by chunk: larger than memory if need be.

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
  std::optional<float> given_scale;  // in place of the rule
  std::string output;
  bool codes;  // codes instead of float32
  int threads;
  data::NpyReader array;
  Layout layout;
  Observer& observer;

  std::vector<float> scales{};       // one per channel, by choose_scales
  kernels::Difference difference{};  // by write_array

  kernels::Options kernel_options() const { return {.threads = threads}; }
};

Status choose_scales(QuantizeJob& job);

// Writes job.output. Codes have companions: NAME.exponents.npy (E8M0) for block formats, and
// NAME.scales.npy (float32, one per channel) unless all scales are 1.
Status write_array(QuantizeJob& job);

// After write_array(); without seconds.
records::Rounding record_of(const QuantizeJob& job);

}  // namespace posittune::session
