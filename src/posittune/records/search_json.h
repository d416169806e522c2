#pragma once

// The result of a search as JSON: an object of the fields of search.h.

#include <nlohmann/json.hpp>

#include "posittune/base/result.h"
#include "posittune/records/search.h"

namespace posittune::records {

nlohmann::ordered_json to_json(const SearchRow& row);
nlohmann::ordered_json to_json(const SearchResult& result);

// Read them back. Errors (kInput) name the place as a JSON pointer.
Result<SearchRow> search_row_from_json(const nlohmann::json& json);
Result<SearchResult> search_result_from_json(const nlohmann::json& json);

}  // namespace posittune::records
