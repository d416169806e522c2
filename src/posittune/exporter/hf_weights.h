#pragma once

// Which tensor of a transformers' folder each weight is, and its numbers in that tensor's order.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/hf_folder.h"
#include "posittune/exporter/portable_model.h"

namespace posittune::exporter {

struct HfWeights {
  std::map<std::string, std::string> weights;      // the tensor's name -> the weight's
  std::map<std::string, std::string> corrections;  // a bias's tensor -> the layer's name
};

// `names`: the tensor of a weight, where names differ. kInput where the folder lacks a tensor, all
// of them listed; kUnsupported for a correction of a layer without bias.
Result<HfWeights> match_weights(const HfFolder& folder, const PortableModel& model,
                                const std::map<std::string, std::string>& names);

enum class Orientation { kPlain, kTransposed };

// How the tensor has the weight: a row for each output, or a column (GPT-2's Conv1D). By their
// numbers: kInput where they do not go together either way.
Result<Orientation> orientation(const std::vector<float>& tensor,
                                const std::vector<std::uint64_t>& shape,
                                const std::vector<float>& weight, const CodedWeight& codes,
                                const std::string& where);

// The decoded numbers in the tensor's order.
Result<std::vector<float>> snapped(const HfFolder& folder, const std::string& tensor,
                                   const CodedWeight& codes);

// The bias with the correction added.
Result<std::vector<float>> corrected(const HfFolder& folder, const std::string& tensor,
                                     const std::vector<float>& correction);

}  // namespace posittune::exporter
