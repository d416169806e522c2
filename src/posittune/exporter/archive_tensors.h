#pragma once

// Numbers of an archive as bytes of its tensors, and back.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::exporter {

// 32-bit numbers as little-endian bytes.
std::string to_bytes(const std::vector<float>& values);
std::string to_bytes(const std::vector<std::uint32_t>& values);
std::vector<float> floats_of(const std::string& bytes);
std::vector<std::uint32_t> counts_of(const std::string& bytes);

// Powers of two as E8M0 and back; powers_of_two() must hold. Codes 0 and 255 give no finite normal
// float.
std::string to_e8m0(const std::vector<float>& scales);
std::vector<float> from_e8m0(const std::string& codes);

// Ascending rows as stretches: first row and count of each, one after the other.
std::vector<std::uint32_t> stretches(const std::vector<std::uint32_t>& rows);
// The rows again. kInput unless ascending, apart and below `rows`; `where` names them.
Result<std::vector<std::uint32_t>> rows_of(const std::vector<std::uint32_t>& stretches,
                                           std::uint64_t rows, const std::string& where);

// Rows of `width` values, of which equal ones that follow each other are kept once.
struct Repeated {
  std::vector<float> values;
  std::vector<std::uint32_t> repeats;
};
Repeated without_repeats(const std::vector<float>& values, std::size_t width);
// The rows again. kInput unless they are `rows` in all.
Result<std::vector<float>> with_repeats(const Repeated& repeated, std::size_t width,
                                        std::uint64_t rows, const std::string& where);

// Bits of a row's format among so many: 0 for one, 1 for two, 2 for three and four.
int format_bits(std::size_t formats);

}  // namespace posittune::exporter
