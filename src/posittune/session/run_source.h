#pragma once

// What a run was opened with, kept in its folder (records/run_inputs.h), and back: so that a
// command on a run folder opens the same model and data.

#include <cstddef>
#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/run_inputs.h"
#include "posittune/session/spec.h"

namespace posittune::session {

// The specs as a record; paths become absolute.
records::RunInputs to_record(const ModelSpec& model, const DataSpec& data);

struct RunSource {
  ModelSpec model;
  DataSpec data;
  metrics::ScoreRequest scores;  // what the run scored
  std::size_t batch = 0;
};
// What the run in a folder was opened with. kInput where it holds no run, or one of a version that
// did not keep this.
Result<RunSource> run_source(const std::string& folder);

// The run folder that a path belongs to: itself, or that of a file in its `recipes`. None: neither
// has a run.json.
std::optional<std::string> run_of(const std::string& path);

// The recipe of a run by the name of its file without ".yaml"; with an empty name the only one.
// kUsage names the recipes that there are.
Result<std::string> recipe_of_run(const std::string& folder, const std::string& name);

}  // namespace posittune::session
