#pragma once

// Small documents of the kinds that have a JSON form: as structs, each field other than its
// default, and as the text that the headers describe, written by hand.

#include <string>
#include <vector>

#include "posittune/records/comparison.h"
#include "posittune/records/details.h"
#include "posittune/records/fields.h"
#include "posittune/records/search.h"
#include "posittune/records/sensitivity.h"

namespace posittune::records {

Comparison small_comparison();
extern const char* const kComparisonText;

SearchResult small_search();
Details small_details();

SensitivityRow small_sensitivity_row();
Sensitivity small_sensitivity();
extern const char* const kSensitivityText;

// The names in a struct's list of fields, in its order.
template <HasFields Record>
std::vector<std::string> names_of(const Record& record = {}) {
  std::vector<std::string> names;
  visit_fields(record, [&names](const char* name, const auto&) { names.emplace_back(name); });
  return names;
}

}  // namespace posittune::records
