#pragma once

// Requests: what an analysis rounds, and how its scores are found.

#include <cstdint>
#include <string_view>

#include "posittune/base/result.h"

namespace posittune::sensitivity {

// The operands that are rounded.
enum class Operand : std::uint8_t {
  kWeight,      // "w": a weight, in all layers that use it
  kActivation,  // "a": one layer's input
  kBoth,        // "wa": a weight, and the inputs of the layers that use it
};
std::string_view name(Operand operand);
// kUsage for other words.
Result<Operand> parse_operand(std::string_view text);

// How scores are found, from fast to slow: analysis.h.
enum class Tier : std::uint8_t { kProxy, kGain, kExact };
std::string_view name(Tier tier);  // "proxy", "gain", "exact"
Result<Tier> parse_tier(std::string_view text);

}  // namespace posittune::sensitivity
