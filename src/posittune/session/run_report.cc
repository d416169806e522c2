#include "posittune/session/run_report.h"

#include <algorithm>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/records/report_document.h"
#include "posittune/report/html_page.h"
#include "posittune/report/run_text.h"

namespace posittune::session {
namespace {

Result<std::string> text_of(const records::ReportDocument& document, ReportFormat format) {
  switch (format) {
    case ReportFormat::kHtml:
      return report::html_page(document);
    case ReportFormat::kMarkdown:
      return report::markdown_text(document);
    case ReportFormat::kCsv:
      return report::csv_text(document);
    case ReportFormat::kJson:
      return records::json_text(document);
    case ReportFormat::kJsonLines:
      return records::json_lines(document);
    case ReportFormat::kConsole:
      return report::console_text(document);
    case ReportFormat::kCard:
      return report::model_card(document);
  }
  return Error{.what = "no such format of reports"};
}

}  // namespace

const std::vector<ReportFormatEntry>& report_formats() {
  static const std::vector<ReportFormatEntry> entries = {
      {ReportFormat::kHtml, "html"},       {ReportFormat::kMarkdown, "md"},
      {ReportFormat::kCsv, "csv"},         {ReportFormat::kJson, "json"},
      {ReportFormat::kJsonLines, "jsonl"}, {ReportFormat::kConsole, "console"},
      {ReportFormat::kCard, "card"}};
  return entries;
}

Result<ReportFormat> parse_report_format(std::string_view name) {
  std::string known;
  for (const ReportFormatEntry& entry : report_formats()) {
    if (entry.name == name) return entry.format;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown format of a report",
               .where = "`format`",
               .expected = known,
               .found = std::string(name)};
}

Result<std::string> report_text(const std::vector<std::string>& run_folders, ReportFormat format) {
  if (run_folders.empty())
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a report needs a run folder, and there is none"};
  if (format == ReportFormat::kCard && run_folders.size() > 1)
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a model card is of one run",
                 .found = std::to_string(run_folders.size()) + " run folders"};
  std::vector<records::StoredRun> runs;
  for (const std::string& folder : run_folders) {
    auto run = records::read_stored_run(folder);
    if (!run) return run.error();
    runs.push_back(std::move(*run));
  }
  return text_of(report::document_of(std::move(runs)), format);
}

Result<std::string> write_report(const std::string& run_folder) {
  auto text = report_text({run_folder}, ReportFormat::kHtml);
  if (!text) return text.error();
  const std::string path = run_folder + "/report.html";
  if (const Status written = write_file(path, *text); !written) return written.error();
  return path;
}

}  // namespace posittune::session
