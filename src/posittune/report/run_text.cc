#include "posittune/report/run_text.h"

#include <fmt/format.h>

#include <map>

#include "posittune/base/printable.h"
#include "posittune/report/comparison_text.h"
#include "posittune/report/search_text.h"
#include "posittune/report/sensitivity_text.h"

namespace posittune::report {
namespace {

using records::Comparison;
using records::ReportDocument;
using records::RunSummary;
using records::SearchResult;
using records::Sensitivity;
using records::StoredRun;

std::string rows_of(const Comparison& comparison) { return records::csv_text(comparison); }
std::string rows_of(const SearchResult& result) { return records::csv_text(result.rows); }
std::string rows_of(const Sensitivity& result) { return records::csv_text(result.rows); }

// A cell as RFC 4180 has it.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + "\"";
}

// The lines of a table with one more cell in front. Cells of these tables may hold line ends
// between quotes.
std::string with_run(const std::string& csv, const std::string& run, bool titles) {
  std::string text, cell = quoted(run) + ",";
  bool inside = false, begins = true, first = true;
  for (const char c : csv) {
    if (begins && (!first || titles)) text += first ? "run," : cell;
    begins = false;
    if (!first || titles) text += c;
    if (c == '"') inside = !inside;
    if (c == '\n' && !inside) begins = true, first = false;
  }
  return text;
}

std::string console_of(const StoredRun& run) {
  if (const auto* comparison = std::get_if<Comparison>(&run.results)) {
    const auto report = comparison->data.find("report");
    if (comparison->rows.empty()) return "";
    return comparison_text(*comparison,
                           report == comparison->data.end() ? 0 : report->second.items);
  }
  if (const auto* result = std::get_if<SearchResult>(&run.results)) {
    double seconds = 0;
    for (const records::TierCost& cost : result->costs) seconds += cost.seconds;
    for (const records::SearchRow& row : result->rows) seconds += row.seconds;
    return search_text(*result, seconds);
  }
  return sensitivity_text(std::get<Sensitivity>(run.results));
}

}  // namespace

std::string csv_text(const ReportDocument& document) {
  std::map<std::string, std::string> tables;  // by command
  for (const StoredRun& run : document.runs) {
    std::string& table = tables[run.command];
    const bool titles = table.empty();
    table += with_run(std::visit([](const auto& results) { return rows_of(results); }, run.results),
                      run.folder, titles);
  }
  std::string text;
  for (const auto& [command, table] : tables) text += (text.empty() ? "" : "\n") + table;
  return text;
}

std::string console_text(const ReportDocument& document) {
  std::string text;
  for (std::size_t i = 0; i < document.runs.size(); ++i) {
    const RunSummary& summary = document.summaries[i];
    text += (i == 0 ? "" : "\n") + printable(summary.title) + "\n";
    for (const records::SummaryPoint& point : summary.points)
      text += fmt::format("{:<18} {}\n", point.label, printable(point.text));
    for (const std::string& missing : summary.missing)
      text += fmt::format("{:<18} {}\n", "Not shown", printable(missing));
    text += "\n" + console_of(document.runs[i]);
  }
  return text;
}

}  // namespace posittune::report
