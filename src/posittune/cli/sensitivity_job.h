#pragma once

// The work of `posittune sensitivity`.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/cli/cli.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/cli/score_options.h"
#include "posittune/records/sensitivity.h"

namespace posittune::cli {

struct SensitivityOptions {
  ModelDataOptions model_data;
  std::vector<std::string> formats, what, scales;
  std::string granularity, activation_scale, tier, reference, rounding;
  evaluation::ScoreRequest scores;
  bool input_weighted = false, bias_correction = false, no_early_stop = false;
  double precision = 0.1;
  std::size_t segments = 32, batch = 0, spot_checks = 8, naive = 0;
  std::uint64_t cache_limit = 1U << 30, seed = 1;
  std::size_t channels = 0, exact_channels = 0, mixes = 0, upgrade_points = 0;
  std::string upgrade_from, upgrade_to;
  std::string run_folder;
  bool check = false, json = false, dry_run = false;
};

struct SensitivityResult {
  records::Sensitivity sensitivity;
  std::string run_folder;
};

// Reports progress on streams.err; writes results.json, results.csv and channels.csv into the run folder.
Result<SensitivityResult> run_sensitivity(const SensitivityOptions& options, Streams streams);

// Layers, probes and an estimate of the time from one batch.
Status dry_run_sensitivity(const SensitivityOptions& options, Streams streams);

}  // namespace posittune::cli
