#pragma once

// Sensitivity analysis: what each format costs in each layer, and in groups of channels.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/plan.h"
#include "posittune/records/sensitivity.h"
#include "posittune/sensitivity/request.h"
#include "posittune/session/checked.h"
#include "posittune/session/measuring.h"
#include "posittune/session/settings.h"

namespace posittune::session {

struct SensitivityOptions {
  std::vector<std::string> formats{};  // words of quant/weight_format.h
  std::vector<sensitivity::Operand> what = {sensitivity::Operand::kWeight};
  std::vector<quant::ScaleRule> scales = {quant::ScaleRule::kMsePow2};  // each for all formats
  Settings settings{};
  sensitivity::Tier tier = sensitivity::Tier::kGain;
  metrics::ScoreRequest scores{};
  // An exact run ends once its 95 % interval is this narrow, relative to the score.
  double precision = 0.1;
  bool no_early_stop = false;      // exact runs use all the data
  std::size_t spot_checks = 8;     // random pairs that the gain tier also measures exactly
  std::size_t naive = 0;           // random pairs measured by whole runs too, for the time
  Measuring measuring{};           // all but resamples
  std::size_t channels = 0;        // output channels of a window that is scored; 0: none
  std::size_t exact_channels = 0;  // windows of each format, highest first, measured exactly
  std::size_t mixes = 0;           // random mixes measured, to compare with their sum of scores
  std::size_t upgrade_points = 0;  // measurements while windows go from one format to a better one
  std::string upgrade_from = "posit<4,1>", upgrade_to = "posit<5,1>";
};

// Errors (kUsage): what can be seen to be wrong before a model is read.
struct SensitivityParts;
using CheckedSensitivity = Checked<SensitivityOptions, SensitivityParts>;
Result<CheckedSensitivity> check(const SensitivityOptions& options);

struct SensitivityResult {
  records::Sensitivity sensitivity;
  std::string run_folder;
};

using records::SensitivityPlan;

}  // namespace posittune::session
