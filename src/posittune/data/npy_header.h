#pragma once

// Headers of .npy arrays (format versions 1 to 3, NEP 1), in a file of their own or in an entry of
// an .npz archive.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

inline constexpr std::size_t kNpyPrefixBytes = 12;

// Hint: how to make any array one that NpyReader reads.
inline constexpr const char* kNpyConvertHint = "save it with numpy.save(path, x.astype('<f4'))";

struct NpyPrefix {
  std::size_t header_start = 0;   // bytes before the header's text: 10 or 12
  std::size_t header_length = 0;  // bytes of text; the data follow
};

// Parses the prefix. `start` is the first min(12, length) bytes of an array `length` bytes long.
// All errors of this file are kInput and name `where`.
Result<NpyPrefix> parse_npy_prefix(const std::string& where, std::span<const std::byte> start,
                                   std::uint64_t length);

struct NpyHeader {
  std::string type;      // NumPy's descr: "<f4"; what is no plain type is an error
  bool fortran = false;  // the first axis varies fastest; false where the order is the same
  TensorShape shape;
  std::size_t count = 0;  // elements; count * 8 does not overflow
};

Result<NpyHeader> parse_npy_header(const std::string& where, std::string_view text);

// Text of a file made printable for a message, at most 48 characters.
std::string printable(std::string_view text);

}  // namespace posittune::data
