#pragma once

// A search for the console: a line for each row, the changes that were tried, and what it cost.

#include <string>

#include "posittune/records/search.h"

namespace posittune::report {

// `metric`: that of the report split that is shown beside the loss; empty: none. `seconds`: of the
// whole search.
std::string search_text(const records::SearchResult& result, const std::string& metric,
                        double seconds);

}  // namespace posittune::report
