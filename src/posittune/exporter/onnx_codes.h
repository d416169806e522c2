#pragma once

// Codes of a quantized weight as nodes of an ONNX graph: packed, and unpacked by integer operators.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/onnx_graph.h"
#include "posittune/exporter/onnx_weight.h"

namespace posittune::exporter {

// A tensor of codes in the order in which it is stored.
struct PlacedCodes {
  int bits = 0;
  std::vector<std::uint32_t> codes;
  std::vector<std::int64_t> dims;
};

// Adds the codes as a dense bit string (8 and 16 bits: as they are) and the nodes that make int32
// of them; the output has shape `dims`. Widths: 1 to 16. All in 32-bit arithmetic: runtimes differ
// on shifts and sums of bytes.
Result<std::string> add_codes(OnnxGraph& graph, const PlacedCodes& placed, LutStyle style);

}  // namespace posittune::exporter
