#pragma once

// Comparison: every format, one after the other, on the same items.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/metrics/scorer.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/comparison.h"
#include "posittune/records/plan.h"
#include "posittune/sensitivity/request.h"
#include "posittune/session/checked.h"
#include "posittune/session/measuring.h"
#include "posittune/session/settings.h"

namespace posittune::session {

using sensitivity::Operand;

struct CompareOptions {
  std::vector<std::string> formats{};  // words of quant/weight_format.h: "posit<8,1>", "posit<6,*>"
  std::vector<Operand> what = {Operand::kWeight, Operand::kBoth};  // each for all formats
  std::vector<quant::ScaleRule> scales = {quant::ScaleRule::kRmsPow2,
                                          quant::ScaleRule::kMsePow2};  // each for all formats
  std::vector<std::string> recipes{};  // files, measured as they are after the formats
  Settings settings{};
  quant::Accumulate accumulate = quant::Accumulate::kFp32;
  metrics::ScoreRequest scores{};
  Measuring measuring{};       // batch, resamples, seed
  std::string save_outputs{};  // folder for outputs under each format, as .npy; empty: not saved
};

// Errors (kUsage): what can be seen to be wrong before a model is read.
struct CompareParts;
using CheckedCompare = Checked<CompareOptions, CompareParts>;
Result<CheckedCompare> check(const CompareOptions& options);

struct CompareResult {
  records::Comparison comparison;
  metrics::Task task = metrics::Task::kGeneric;
  std::size_t units = 0, reused = 0;  // units of the report split; rows measured earlier
  std::string run_folder;
};

using records::ComparePlan;

}  // namespace posittune::session
