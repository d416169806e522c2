#pragma once

// A search for the console: a line for each row, the changes that were tried, and what it cost.

#include <string>

#include "posittune/records/search.h"

namespace posittune::report {

// The text of a search. Beside the loss it shows one metric of the rows' report split, the primary
// one. `seconds`: the time of the whole search.
std::string search_text(const records::SearchResult& result, double seconds);

}  // namespace posittune::report
