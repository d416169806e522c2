#pragma once

#include <cstdint>
#include <random>

#include "posittune/formats/format.h"

namespace posittune::rtl {

// Codes that matter: ends of the range, around one, NaR, zero, long regimes; else uniform.
std::uint32_t corner_code(const formats::Format& format, std::mt19937_64& random);

}  // namespace posittune::rtl
