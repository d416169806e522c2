#pragma once

// A run folder as it is read to be looked at: nothing in it is changed, and no lock is taken.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"
#include "posittune/records/details.h"
#include "posittune/records/search.h"
#include "posittune/records/sensitivity.h"

namespace posittune::records {

// A process that worked on the run; empty fields: run.json does not have them.
struct RunSession {
  std::string started;  // UTC
  std::vector<std::string> command_line;
  std::map<std::string, std::string> versions;
  std::string cpu;
  std::uint64_t threads = 0;
  bool operator==(const RunSession&) const = default;
};

struct StoredRun {
  std::string folder;   // as it was given
  std::string command;  // "compare", "sensitivity", "search"
  std::map<std::string, std::string> hashes;
  std::uint64_t seed = 0;
  std::vector<RunSession> sessions;
  std::string config;  // config.yaml
  std::variant<Comparison, Sensitivity, SearchResult> results;
  std::string results_text;  // results.json, which is `results`
  std::optional<Details> details;
  std::string details_missing;  // why there are none

  const ModelRecord& model() const;
  const ScoredRecord& scored() const;
  const std::map<std::string, SplitRecord>& data() const;
  const RunSession* last_session() const { return sessions.empty() ? nullptr : &sessions.back(); }
};

// kInput: not a run folder, one without results (the run did not end), or a damaged file.
// kUnsupported: a newer version wrote it. Details that belong to other results are left out, and
// details_missing says so.
Result<StoredRun> read_stored_run(const std::string& folder);

}  // namespace posittune::records
