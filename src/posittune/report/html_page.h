#pragma once

// A report as one HTML file that needs nothing else: styles, scripts, Plotly.js and data are in it.

#include <string>
#include <string_view>

#include "posittune/base/result.h"
#include "posittune/records/report_document.h"

namespace posittune::report {

// What a report shows of runs: their summaries, and the grids of the formats that they use. `runs`:
// at least one.
records::ReportDocument document_of(std::vector<records::StoredRun> runs);

// The page. Names of a model are data in it and never markup.
Result<std::string> html_page(const records::ReportDocument& document);

// JSON that may stand inside a script element: no character of it can end the element or begin a
// comment. It is still the same JSON.
std::string script_safe(std::string_view json);
// Text that may stand between tags or in a quoted attribute.
std::string html_escaped(std::string_view text);

}  // namespace posittune::report
