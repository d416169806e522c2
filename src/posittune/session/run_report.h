#pragma once

// Reports of runs: run folders as one document to look at, or to hand to other tools.

#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::session {

enum class ReportFormat {
  kHtml,       // one file that needs nothing else
  kMarkdown,   // the summary and the tables
  kCsv,        // rows of all runs, in the long form of results.csv, with a column `run` before
  kJson,       // everything that the page has, as one document
  kJsonLines,  // metrics for experiment trackers, a line for each row
  kConsole,    // as the commands print their results
  kCard,       // a model card of Hugging Face's for the best mix of one run
};
struct ReportFormatEntry {
  ReportFormat format;
  const char* name;  // "html"
};
const std::vector<ReportFormatEntry>& report_formats();
// kUsage names the known ones.
Result<ReportFormat> parse_report_format(std::string_view name);

// Reads the run folders, of one or several runs, and writes nothing. kUsage: no folder, or several
// for a card; errors of records::read_stored_run().
Result<std::string> report_text(const std::vector<std::string>& run_folders, ReportFormat format);

// Writes the report of a run into its folder, as report.html, and gives its path.
Result<std::string> write_report(const std::string& run_folder);

}  // namespace posittune::session
