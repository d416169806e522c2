#pragma once

// The work of `posittune compare`: every format, one after the other, on the same items.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "posittune/cli/cli.h"
#include "posittune/cli/compare_trials.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/records/comparison.h"
#include "posittune/records/run_folder.h"

namespace posittune::cli {

struct CompareResult {
  records::Comparison comparison;
  metrics::Task task = metrics::Task::kGeneric;
  std::size_t units = 0, reused = 0;  // reused: rows that an earlier session measured
  std::string run_folder;
};

// Reports progress on streams.err; writes results.json, results.csv and recipes into the run folder.
Result<CompareResult> run_compare(const CompareOptions& options, Streams streams);

// What would be done, and an estimate of the time from one batch.
Status dry_run_compare(const CompareOptions& options, Streams streams);

}  // namespace posittune::cli
