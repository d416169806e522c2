#pragma once

// The three splits of a run: `calibrate` for statistics and scales, `search` for choosing, `report`
// for the numbers shown. No item may be in two of them.

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

// kInput when an item of one has the content hash of an item of another; names both files, the
// first pair of items, and how many items of the later split are shared.
Status check_disjoint(const Splits& splits);

}  // namespace posittune::data
