#pragma once

// The three splits of a run: `calibrate` for statistics and scales, `search` for choosing, `report`
// for the numbers shown. No file, document or item may be in two of them.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/data_yaml.h"
#include "posittune/data/dataset.h"

namespace posittune::data {

struct Splits {
  std::optional<Dataset> calibrate, search, report;
};

// Opens the splits that are named and checks that they are disjoint. At least one must be.
Result<Splits> open_splits(const SplitSpecs& specs, const std::vector<TensorInfo>& model_inputs);

// kInput when two splits read a file of one SHA-256 (npz, text, COCO json), have an equal document
// (text, whatever the length of the rows) or an item of one content hash; names both, the first
// pair, and how many of the later split are shared. One split alone is not looked at.
Status check_disjoint(const Splits& splits);

}  // namespace posittune::data
