#include "codes.h"

namespace posittune::rtl {

std::uint32_t corner_code(const formats::Format& format, std::mt19937_64& random) {
  const std::uint32_t nar = std::uint32_t{1} << (format.bits - 1);
  const std::uint32_t mask = nar | (nar - 1);
  const auto bits = static_cast<std::uint32_t>(random());
  const auto pick = static_cast<std::uint32_t>(random() & 15);
  const std::uint32_t sign = (bits >> 31) != 0 ? mask : 0;  // one's complement of a pattern
  switch (pick) {
    case 0:
      return (bits & 7) == 0 ? nar : 0;
    case 1:
      return (nar - 1 - (bits & 3)) ^ sign;  // near maxpos, or negative
    case 2:
      return ((1 + (bits & 3)) ^ sign) & mask;  // near minpos
    case 3:
      return ((nar >> 1) + (bits & 3) - 2) & mask;  // near one
    case 4:
    case 5:
      return ((nar - 1) >> (bits % format.bits)) ^ sign;  // short or long runs of ones
    default:
      return bits & mask;
  }
}

}  // namespace posittune::rtl
