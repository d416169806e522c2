#pragma once

// Rows of a matrix that choose among formats of equal bits.

#include <cstdint>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::quant {

struct RowFormats {
  std::vector<std::uint8_t> choice;  // [row]: index in `formats`
  std::vector<float> scales;         // [row], for the format chosen
};

// Chooses for each row the format with the least (weighted) squared error under its own scale of
// the rule; the first of equals. At most 256 formats, at least one. `weights` as in
// choose_scales().
Result<RowFormats> choose_row_formats(std::span<const formats::Format> formats, ScaleRule rule,
                                      std::span<const float> x, kernels::Shape shape,
                                      std::span<const float> weights = {},
                                      kernels::Options options = {});

}  // namespace posittune::quant
