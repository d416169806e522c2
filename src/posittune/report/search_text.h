#pragma once

// A search for the console: a line for each row, the changes that were tried, and what it cost.

#include <string>

#include "posittune/records/search.h"

namespace posittune::report {

// Of the report split the primary metric of the rows is shown beside the loss. `seconds`: of the
// whole search.
std::string search_text(const records::SearchResult& result, double seconds);

}  // namespace posittune::report
