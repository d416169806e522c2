#include "posittune/records/csv_cells.h"

#include "posittune/records/numbers.h"

namespace posittune::records {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_cell(std::uint64_t count) { return std::to_string(count); }

std::string csv_cell(double number) { return number_text(number); }

}  // namespace posittune::records
