#pragma once

// The work of `posittune compare`: every format, one after the other, on the same items.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "posittune/cli/cli.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/comparison.h"
#include "posittune/records/run_folder.h"

namespace posittune::cli {

struct CompareOptions {
  ModelDataOptions model_data;
  std::vector<std::string> formats, what, scales, recipes;
  std::string granularity, activation_scale, accumulate, task, output, rounding;
  bool input_weighted = false, bias_correction = false;
  std::size_t batch = 0, resamples = 1000;
  std::uint64_t seed = 1;
  std::string run_folder, save_outputs;
  bool json = false, dry_run = false;
};

// One row to be: a recipe for all layers, and how it is called.
struct Trial {
  formats::Format format;
  bool activations = false;
  quant::ScaleRule rule = quant::ScaleRule::kNone;
  std::optional<quant::WeightSetting> weight{};  // absent: FP32
  std::optional<quant::ActivationSetting> activation{};
  std::optional<quant::Recipe> recipe{};  // of a file, in place of what is above
  std::string label{};                    // its file's name

  std::string format_name() const;  // "posit<8,1>", "posit<6,*>"
  std::string name() const;         // "posit<8,1> wa rms_pow2"
};

// Formats x what x scales, each once; FP32 needs no scale; then the recipes of files. kUsage for what cannot be.
Result<std::vector<Trial>> make_trials(const CompareOptions& options);

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
