#pragma once

// The formats of a weight as one word, as command lines and results have it:
//
//   posit<6,1>                   one format
//   posit<6,0>|posit<6,1>|int6   each row takes one of these, all of the same bits
//   posit<6,*>                   the posits of es 0, 1 and 2: posit<6,0>|posit<6,1>|posit<6,2>
//
// The first is WeightSetting::format, the others its alternatives.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/quant/recipe.h"

namespace posittune::quant {

// Sets format and alternatives; the rest of the setting is left as it is. kUsage for unknown
// formats and for lists that check_alternatives() refuses; parts() checks that the granularity is
// kChannel.
Status parse_weight_format(std::string_view text, WeightSetting& setting);

// Splits lists of such words at the commas that are not inside "posit<8,1>".
std::vector<std::string> split_formats(std::span<const std::string> lists);

// The shortest spelling; parse_weight_format() gives the same formats back.
std::string format_text(const formats::Format& format,
                        std::span<const formats::Format> alternatives);
inline std::string format_text(const WeightSetting& setting) {
  return format_text(setting.format, setting.alternatives);
}

// The rounding as results add it to the format: "" for nearest without bias correction, else
// "compensated", "bias" or "compensated+bias".
std::string rounding_text(const WeightSetting& setting);

// Whether a weight or an input under this setting depends on calibration data.
bool needs_calibration(const WeightSetting& setting);
bool needs_calibration(const ActivationSetting& setting);

// Checks alternatives: kUsage unless all have as many bits as `format`, none has MX blocks, and
// none is there twice.
Status check_alternatives(const formats::Format& format,
                          std::span<const formats::Format> alternatives);

}  // namespace posittune::quant
