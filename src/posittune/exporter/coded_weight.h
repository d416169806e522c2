#pragma once

// A quantized weight as it is stored: codes packed to their bits, rows of as many bits together.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/quantized_weight.h"
#include "posittune/formats/format.h"

namespace posittune::exporter {

inline constexpr std::size_t kBlock = 32;  // elements of an MX block

// Pieces of `by` columns each, the last one shorter.
constexpr std::size_t pieces(std::size_t cols, std::size_t by) { return (cols + by - 1) / by; }

// Rows of a weight whose codes have as many bits. Code i of the dense little-endian bit string
// `packed` (kernels::pack) belongs to row rows[i / cols], column i % cols.
struct CodeGroup {
  int bits = 0;
  std::vector<std::uint32_t> rows;        // ascending
  std::vector<formats::Format> formats;   // saturating() undone; by first use
  std::vector<std::uint8_t> format_of{};  // [row of the group] in `formats`; empty: the only one
  // One for all rows, one for each, or rows x ceil(columns / CodedWeight::group).
  std::vector<float> scales{};
  std::vector<std::uint8_t> packed{};
  // E8M0 exponents of MX blocks, rows x ceil(columns / 32); else empty.
  std::vector<std::uint8_t> exponents{};

  friend bool operator==(const CodeGroup&, const CodeGroup&) = default;
};

struct CodedWeight {
  std::size_t rows = 0, cols = 0;  // a row is an output channel, as model::Weight
  std::size_t group = 0;           // columns that share a scale; 0: all of a row
  bool compensated = false;
  std::vector<CodeGroup> groups;  // ascending by bits; together they hold every row once

  friend bool operator==(const CodedWeight&, const CodedWeight&) = default;
};

// Packs a weight.
Result<CodedWeight> coded(const engine::QuantizedWeight& weight);

// The codes of a group, one each, in the order of `packed`.
Result<std::vector<std::uint32_t>> unpacked(const CodeGroup& group, std::size_t cols);

// The decoded values, rows x cols: those of engine::decoded(), to the bit. kInput where the parts
// of the weight do not fit together.
Result<std::vector<float>> decoded(const CodedWeight& weight, int threads = 0);

// kInput unless all parts fit together: each row once, lengths, formats of the group's bits.
Status check(const CodedWeight& weight);

// Whether every scale is a power of two that E8M0 holds.
bool powers_of_two(const std::vector<float>& scales);

}  // namespace posittune::exporter
