#pragma once

// Rows of a quantized table: codes are gathered, and only these are decoded.

#include <string>

#include "posittune/exporter/onnx_graph.h"

namespace posittune::exporter {

// Leads a Gather of rows (axis 0) of the matrix `tensor`, which nodes added to `graph` decode, to
// its codes, and decodes what it gathered: the same values. `index` is the Gather's, in the file.
// False, and nothing is changed, where a row is not decoded from a row of codes by itself (packed
// bits, windows, groups of columns), or where a runtime may decode the matrix when it loads the
// model, so that reading rows of it is as fast: only codes behind a DequantizeLinear are decoded in
// each run.
bool gather_codes(OnnxGraph& graph, int index, const std::string& tensor);

}  // namespace posittune::exporter
