#pragma once

// Rounding to a format in plain arithmetic: what to do in each binade [2^e, 2^(e+1)).

#include <optional>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::exporter {

// How |x| in one binade is rounded: round(|x| / step) * step, half to even, where `step` is not 0;
// else `lower` below `threshold`, and `upper` from it on.
struct Binade {
  float step = 0;
  float lower = 0, upper = 0, threshold = 0;
};

// The rounding of |x| > 0, after |x| was limited to `largest`. Binade i is 2^(first + i); what is
// smaller than the first counts to it. Zero stays zero.
struct Binades {
  int first = 0;
  float largest = 0;
  std::vector<Binade> binades;

  // Rounds as the exported operators do.
  float round(float x) const;
};

// The binades of a format, found by asking its codec; equal to formats::round_to_float() for every
// finite x of a saturating format that is no subnormal float, which runtimes take for zero. No step
// is one either: bf16 and wide posits with es 4 have a coarser grid below 2^-119. None for formats
// of more than 16 bits. For MX formats: of the elements.
std::optional<Binades> binades_of(const formats::Format& format);

}  // namespace posittune::exporter
