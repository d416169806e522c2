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

// The numbers of a tensor, in its order: a weight's as decoded, a bias with its correction, others
// as the folder has them.
Result<std::vector<float>> numbers_of(const std::string& tensor, const HfFolder& folder,
                                      const PortableModel& model, const HfWeights& match);

}  // namespace posittune::exporter
