#pragma once

// What commands that measure a model on data share.

#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/cli/progress.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/comparison.h"
#include "posittune/records/run_folder.h"

namespace posittune::cli {

// Embeddings of at most so many columns can be compensated: each column costs a run of some calibration data.
inline constexpr std::size_t kEmbeddingColumns = 128;

// Lists of formats, split at the commas that are not inside "posit<8,1>".
std::vector<std::string> split_formats(const std::vector<std::string>& lists);

// Errors when the layers to quantize are none.
Status check_chosen(const ModelData& of);

// Notes on streams.err: products that are no layers and stay as they are, with their part of the MACs of one item of `data`;
// --attention where nothing is for it.
void say_what_stays(const ModelData& of, const ModelDataOptions& options, const data::Dataset& data, Streams streams);

// Which output is scored and how, by what was asked for and what model and data suggest; notes go to streams.err.
Result<evaluation::ScoredOutput> resolve_scored(const ModelData& of, const data::Dataset& data, const evaluation::ScoreRequest& request, Streams streams);

// The lines of a configuration that name it.
std::string scored_config(const evaluation::ScoredOutput& scored);

records::SplitRecord split_record(const data::Dataset& data);

// What belongs to a run of this model and these data: hashes, versions, command line, threads. The caller
// adds the configuration and the seed.
records::RunInfo run_info(const ModelData& of, const ModelDataOptions& options, Streams streams);

// YAML list of the layers that are quantized.
std::string quantized_text(const engine::Engine& engine);

// runs/COMMAND-MODEL-HASH
std::string default_run_folder(std::string_view command, const ModelData& of, const records::RunInfo& info);

// Opens the folder of a run. Says so when an earlier session multiplied on other paths: its results are
// then measured anew, since their keys name the paths.
Result<records::RunFolder> open_run(const std::string& folder, const records::RunInfo& info, Streams streams);

// Counts items and looks for interrupts.
evaluation::Advance advance_on(Progress& progress);

}  // namespace posittune::cli
