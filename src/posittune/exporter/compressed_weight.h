#pragma once

// A weight as the package compressed-tensors stores it, which vLLM and transformers read.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/coded_weight.h"
#include "posittune/exporter/hf_json.h"
#include "posittune/exporter/safetensors.h"

namespace posittune::exporter {

// How the weight is stored there; none for what it has no form for: posits and other formats than
// int2 to int8, fp8_e4m3, mxfp4 and mxfp8, rows of different formats, groups or blocks that do not
// fill a row. int8_tokens: its inputs are int8 with a scale for each token.
std::optional<CompressedScheme> compressed_scheme(const CodedWeight& weight, bool int8_tokens);

// Its tensors: weight_packed or weight, weight_scale, weight_shape, each behind `module` and a dot.
// Decompressed by the package, they are decoded() to the bit. The weight outlives them.
Result<std::vector<StoredTensor>> compressed_tensors(const std::string& module,
                                                     const CodedWeight& weight,
                                                     const CompressedScheme& scheme);

}  // namespace posittune::exporter
