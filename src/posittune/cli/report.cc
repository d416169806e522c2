// posittune report: run folders as one document to look at.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "posittune/base/files.h"
#include "posittune/base/printable.h"
#include "posittune/cli/cli.h"
#include "posittune/session/run_report.h"

namespace posittune::cli {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string format = "html", output;
};

std::string format_names() {
  std::string names;
  for (const session::ReportFormatEntry& entry : session::report_formats())
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

// Where a page goes that no output was named for: into the folder of the run, or the current one.
std::string default_path(const Options& options) {
  return options.runs.size() == 1 ? options.runs.front() + "/report.html" : "report.html";
}

Status show(const Options& options, Streams streams) {
  auto format = session::parse_report_format(options.format);
  if (!format) return format.error();
  auto text = session::report_text(options.runs, *format);
  if (!text) return text.error();
  // A page of some megabytes is nothing for a terminal; the other formats are data for a pipe.
  const bool page = *format == session::ReportFormat::kHtml;
  if (options.output == "-" || (options.output.empty() && !page)) {
    streams.out << *text;
    return success();
  }
  const std::string path = options.output.empty() ? default_path(options) : options.output;
  if (const Status written = write_file(path, *text); !written) return written;
  streams.err << "report: " << printable(path) << "\n";
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("RUN", options->runs,
                 "run folders that compare, sensitivity or search wrote; several are compared in "
                 "one report")
      ->required();
  app.add_option(
         "--format", options->format,
         format_names() +
             ". html: one file that needs no network; card: a model card of Hugging Face's; jsonl: "
             "metrics for experiment trackers")
      ->default_val(options->format);
  app.add_option("-o,--output", options->output,
                 "file to write; -: standard output (default: html: report.html in the folder of "
                 "the run, for several runs in the current folder; others: standard output)");
  return [options, streams] { return show(*options, streams); };
}

}  // namespace

extern const Command kReport = {
    "report", "a run, or several, as one page with plots; or as Markdown, CSV, JSON, a model card",
    declare};

}  // namespace posittune::cli
