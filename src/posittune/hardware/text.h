#pragma once

// Parts of the texts of a package.

#include <string>

namespace posittune::hardware {

// The four lowest bits as a digit of the files that $readmemh reads.
constexpr char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15U]; }

// `text` with `with` wherever it has `what`.
inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace posittune::hardware
