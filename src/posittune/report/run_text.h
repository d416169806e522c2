#pragma once

// Reports of runs as plain texts.

#include <string>

#include "posittune/records/report_document.h"

namespace posittune::report {

std::string markdown_text(const records::ReportDocument& document);
// Rows of all runs in the long form of results.csv; a column `run` comes first. Runs of one command
// are together under one line of titles; a blank line stands between tables.
std::string csv_text(const records::ReportDocument& document);
// The summary, then what the command of the run prints.
std::string console_text(const records::ReportDocument& document);
// A model card of Hugging Face's, for the first run: YAML metadata, then Markdown.
std::string model_card(const records::ReportDocument& document);

}  // namespace posittune::report
