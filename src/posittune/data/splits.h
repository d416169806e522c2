#pragma once

// Splits of a run, three: `calibrate` for statistics and scales, `search` for choosing, `report`
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

// The error (kUsage) of a job that needs a split, "calibrate", "search" or "report", and has none.
Error missing_split(const std::string& name, const std::string& what, const std::string& hint = {});

// Opens the splits that are given, at least one, and checks that they are disjoint.
Result<Splits> open_splits(const SplitSpecs& specs, const std::vector<TensorInfo>& model_inputs);

// Checks that splits are disjoint. kInput when two of them read files of equal SHA-256 (npz, text,
// COCO json), or have an equal document (text, whatever the length of the rows) or an item with
// equal hashes; names both, the first pair, and how many items of the later split are shared.
Status check_disjoint(const Splits& splits);

}  // namespace posittune::data
