#pragma once

// What a report shows, as one JSON document: runs as they are in their folders, and what was made
// of them.
//
//   {"version": "...", "written": "... UTC", "runs": [{"folder", "command", "hashes", "seed",
//    "sessions", "config", "results": as in results.json, "details": as in details.json or null,
//    "summary": {...}}, ...],
//    "grids": {"posit<8,1>": [values], ...}}

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/stored_run.h"

namespace posittune::records {

struct SummaryPoint {
  std::string label, text;  // "Best mix", "5 bits per weight ..."
  bool operator==(const SummaryPoint&) const = default;
};

// A run in plain words.
struct RunSummary {
  std::string title;
  std::vector<SummaryPoint> points;
  std::vector<std::uint64_t> best;   // rows of the results that the words are about
  std::vector<std::string> missing;  // what a report of this run cannot show, and why
  bool operator==(const RunSummary&) const = default;
};

struct ReportDocument {
  std::string version, written;
  std::vector<StoredRun> runs;
  std::vector<RunSummary> summaries;                 // one for each run
  std::map<std::string, std::vector<double>> grids;  // values of a format, ascending
};

// On one line, which ends in "\n". kInput: a run's results_text is no JSON.
Result<std::string> json_text(const ReportDocument& document);

// Metrics as experiment trackers take them, a line of JSON for each row of each run: {"run",
// "command", "model", "row", "name", "step", "bits_per_weight", "metrics/kl", "metrics/kl/low",
// ...}: a flat object of numbers and texts; numbers that are not finite are left out.
std::string json_lines(const ReportDocument& document);

}  // namespace posittune::records
