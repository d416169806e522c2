#pragma once

// A run in plain words: what was measured, on what data, the best mix, what it costs and loses, and
// what to do next.

#include "posittune/records/report_document.h"

namespace posittune::report {

records::RunSummary summary_of(const records::StoredRun& run);

}  // namespace posittune::report
