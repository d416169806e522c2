#pragma once

// Text helpers for the files of a package.

#include <string>

namespace posittune::hardware {

// The hexadecimal digit of the four lowest bits, for files that $readmemh reads.
constexpr char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15U]; }

// The text with every `what` replaced by `with`.
inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace posittune::hardware
