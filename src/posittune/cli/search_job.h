#pragma once

// The work of `posittune search`.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/cli/cli.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/cli/score_options.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/search.h"

namespace posittune::cli {

struct SearchOptions {
  ModelDataOptions model_data;
  // Choices.
  std::vector<std::string> formats, activations, pairs, assign, ties;
  std::string what, granularity, scale, activation_rule, activation_scale, rounding;
  bool plain_scales = false, bias_correction = false, tie_inputs = false;
  std::size_t windows = 0;
  // Budgets: those of one option are searches of their own; the others bind in all of them.
  std::vector<std::string> bits, size, activation_bits, mac_bits, energy, area;
  std::string max_drop;
  std::size_t pareto = 0, refine = 0;
  bool baselines = false, no_report = false;
  double gap = 1e-9, solver_seconds = 60;
  // Costs.
  std::string table;
  double memory_pj_per_bit = -1;
  // Measuring.
  std::string reference, run_folder;
  evaluation::ScoreRequest scores;
  std::int64_t gain_items = -1;  // -1: by the model's size
  std::size_t segments = 32, batch = 0, resamples = 1000;
  std::uint64_t cache_limit = 1U << 30, seed = 1;
  bool json = false, dry_run = false;
};

struct SearchJobResult {
  records::SearchResult result;
  std::vector<Error> missed;  // budgets that cannot be met
  std::string run_folder;
  double seconds = 0;
};

// Reports progress on streams.err; writes results.json, results.csv, recipes and, with more than two points,
// front.svg into the run folder.
Result<SearchJobResult> run_search(const SearchOptions& options, Streams streams);

// Decisions, choices and an estimate of the time from one batch.
Status dry_run_search(const SearchOptions& options, Streams streams);

}  // namespace posittune::cli
