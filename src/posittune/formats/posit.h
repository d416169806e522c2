#pragma once

// The posit codec in unpacked form, for arithmetic and the quire.

#include "posittune/formats/format.h"
#include "posittune/formats/unpacked.h"

namespace posittune::formats {

Unpacked posit_unpack(const Format& format, std::uint32_t code);
std::uint32_t posit_pack(const Format& format, const Unpacked& value);  // rounds once

// The largest exponent, log2(maxpos) = (n-2) * 2^es; minpos = 1 / maxpos.
int posit_max_exponent(const Format& format);

}  // namespace posittune::formats
