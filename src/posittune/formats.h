#pragma once

// Number formats: names, cards, values and codes.
//
//   const auto format = posittune::formats::parse_format("posit<8,1>");
//   const std::uint32_t code = posittune::formats::encode(*format, 1.5);  // 0x48

#include "posittune/formats/arithmetic.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"
