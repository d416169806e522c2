#pragma once

// Files that the tests of this folder write: by hand from NEP 1, and with the libraries' writers.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::data {

// An .npy array: NumPy's type and shape as it prints them, then the data.
std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& data);

template <class T>
std::string npy_bytes(const std::string& type, const std::string& shape, const std::vector<T>& x) {
  return npy_bytes(type, shape,
                   std::string(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(T)));
}

// Names in the archive (with .npy) and their bytes.
using ZipEntries = std::vector<std::pair<std::string, std::string>>;
std::string zip_bytes(const ZipEntries& entries, bool deflate = false);

// 8 or 16 bits a channel; 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Samples of 16 bits big-endian.
std::string png_bytes(unsigned width, unsigned height, int channels, int bits,
                      const std::vector<std::uint8_t>& samples, bool interlaced = false);
std::string palette_png_bytes(unsigned width, unsigned height,
                              const std::vector<std::uint8_t>& colours,
                              const std::vector<std::uint8_t>& indices);
// channels: 1 grey, 3 RGB, 4 CMYK.
std::string jpeg_bytes(unsigned width, unsigned height, int channels,
                       const std::vector<std::uint8_t>& samples, bool progressive = false);

// True when the error is of `kind` and its message has all of `parts`; says what it is otherwise.
testing::AssertionResult is_error(const Error& error, ErrorKind kind,
                                  const std::vector<std::string>& parts);

}  // namespace posittune::data
