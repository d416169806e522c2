#pragma once

// MAC units of rtl/src: which module serves a pair of formats, with which parameters.

#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"

namespace posittune::hardware {

struct Unit {
  std::string module;  // posit_mac, posit_mac_mixed, int_mac, float_mac
  std::vector<std::pair<std::string, int>> parameters;  // PIPELINE included
  formats::Format weight, activation;                   // a_i, b_i
  int accumulator_bits = 32;                            // acc_o
  int lsb = 0;           // posits: acc_o bit 0 weighs 2^lsb; ints: 0; floats: acc_o is fp32
  bool has_nar = false;  // the port nar_o
};

inline constexpr int kMaxPipeline = 3;

// The unit of a pair. Pairs: posit<n,es> with n 4..32, es 0..4, also narrower weights of the same
// es; int4..int16, any two; and fp8_e4m3, fp8_e5m2, fp6_e2m3, fp4_e2m1, bf16, fp16, fp32.
// kUnsupported for others, with the nearest that exists; kUsage for the pipeline.
Result<Unit> unit_for(const formats::Format& weight, const formats::Format& activation,
                      int pipeline);

}  // namespace posittune::hardware
