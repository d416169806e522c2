#pragma once

// A quantized weight as numbers to store, which an exporter writes and another runtime reads.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"

namespace posittune::engine {

// Consecutive rows of a weight that have one format.
struct RowRun {
  std::size_t first = 0, count = 0;
  formats::Format format;
  std::vector<float> scales;  // one for all, one for each row, or rows x groups of columns
};

struct QuantizedWeight {
  std::size_t rows = 0, cols = 0;  // a row is an output channel, as model::Weight
  std::size_t group = 0;           // columns that share a scale; 0: all of a row
  bool compensated = false;        // codes are not those nearest to the FP32 weights

  // Runs from the first row to the last. The weight of row r in run i, column c, is
  //   value of `format` at codes[r * cols + c], times 2^(exponent of its block - 127) for MX,
  //   over the scale of the row (and group)
  // `scales` of a run: one for all its rows, one for each, or count x ceil(cols / group).
  std::vector<RowRun> runs;
  std::vector<std::uint32_t> codes;  // rows x cols, the format's bits in the low ones
  // Exponents of MX blocks (E8M0), rows x ceil(cols / 32); rows in other formats hold 0; empty
  // without blocks.
  std::vector<std::uint8_t> exponents;
};

// The decoded values, rows x cols: those that the engine multiplies by, to the bit (but a negative
// zero, which not every format has, may become zero). Errors are those of the kernels.
Result<std::vector<float>> decoded(const QuantizedWeight& weight, int threads = 0);

}  // namespace posittune::engine
