#pragma once

// OCP Microscaling (MX) v1.0: blocks of elements that share one power-of-two scale, stored as E8M0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::formats {

// The element format without the block.
Format element(const Format& format);

// Names of the six concrete MX formats; `text` lower case, without spaces.
std::string block_name(const Format& format);
std::optional<Format> parse_block(std::string_view text);
std::vector<Format> known_blocks();

// Exponent X of the shared scale 2^X for a block whose largest finite |x| is absmax (section 6.3 of
// the OCP document): floor(log2(absmax)) - emax(element), clamped to [-127, 127]; absmax 0 gives
// -127.
int shared_exponent(const Format& format, float absmax);

// E8M0: code = X + 127; 255 is NaN.
inline std::uint8_t encode_e8m0(int exponent) { return static_cast<std::uint8_t>(exponent + 127); }
inline int decode_e8m0(std::uint8_t code) { return static_cast<int>(code) - 127; }

}  // namespace posittune::formats
