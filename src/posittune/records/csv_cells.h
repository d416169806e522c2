#pragma once

// Cells and lines of CSV (RFC 4180, but lines end in \n).

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/records/fields.h"

namespace posittune::records {

// A cell, quoted when it has to be: "posit<8,1>" holds the separator.
std::string csv_cell(const std::string& text);
std::string csv_cell(std::uint64_t count);
std::string csv_cell(double number);  // written as numbers.h says

// A table: a line of titles, then one for each row; a column for each field (fields.h).
template <HasFields Row>
std::string csv_table(const std::vector<Row>& rows) {
  std::string text;
  const auto end_line = [&text] { text.back() = '\n'; };  // in place of the last separator
  Row untitled;
  visit_fields(untitled, [&text](const char* name, const auto&) { text.append(name) += ','; });
  end_line();
  for (const Row& row : rows) {
    visit_fields(row, [&text](const char*, const auto& value) { text += csv_cell(value) + ","; });
    end_line();
  }
  return text;
}

}  // namespace posittune::records
