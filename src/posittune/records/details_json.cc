#include "posittune/records/details_fields.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {

std::string json_text(const Details& details) { return line_text(json_value(details)) + "\n"; }

Result<Details> details_from(const std::string& text) {
  const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return guarded([&value] { return read<Details>(Place(value, "")); });
}

}  // namespace posittune::records
