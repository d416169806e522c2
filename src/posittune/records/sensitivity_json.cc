#include "posittune/records/sensitivity_json.h"

#include "posittune/records/json_fields.h"
#include "posittune/records/sensitivity_fields.h"

namespace posittune::records {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// What is in the document only when it was asked for.
template <class Document, class Visit>
void visit_optional(Document& sensitivity, Visit visit) {
  visit("channels", sensitivity.channels);
  visit("mixes", sensitivity.mixes);
  visit("upgrades", sensitivity.upgrades);
}

}  // namespace

ordered_json json_value(const SensitivityRow& row) {
  ordered_json object = json_value<SensitivityRow>(row);
  if (!row.rounding.empty()) object["rounding"] = row.rounding;
  return object;
}

void read_value(const Place& place, SensitivityRow& row) {
  read_value<SensitivityRow>(place, row);
  if (place.has("rounding")) row.rounding = place["rounding"].text();
}

ordered_json to_json(const SensitivityRow& row) { return json_value(row); }

ordered_json to_json(const Sensitivity& sensitivity) {
  ordered_json document = json_value(sensitivity);
  visit_optional(sensitivity, [&document](const char* name, const auto& entries) {
    if (!entries.empty()) document[name] = json_value(entries);
  });
  return document;
}

Result<SensitivityRow> sensitivity_row_from_json(const json& value) {
  return guarded([&value] { return read<SensitivityRow>(Place(value, "")); });
}

Result<Sensitivity> sensitivity_from_json(const json& value) {
  return guarded([&value] {
    const Place place(value, "");
    auto sensitivity = read<Sensitivity>(place);
    visit_optional(sensitivity, [&place](const char* name, auto& entries) {
      if (place.has(name)) read_value(place[name], entries);
    });
    return sensitivity;
  });
}

std::string json_text(const Sensitivity& sensitivity) {
  return document_text(to_json(sensitivity));
}

}  // namespace posittune::records
