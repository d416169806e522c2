#pragma once

// A sensitivity analysis as JSON: an object of the fields of sensitivity.h.

#include <nlohmann/json.hpp>

#include "posittune/base/result.h"
#include "posittune/records/sensitivity.h"

namespace posittune::records {

nlohmann::ordered_json to_json(const SensitivityRow& row);
nlohmann::ordered_json to_json(const Sensitivity& sensitivity);

// Read them back. Errors (kInput) name the place as a JSON pointer.
Result<SensitivityRow> sensitivity_row_from_json(const nlohmann::json& json);
Result<Sensitivity> sensitivity_from_json(const nlohmann::json& json);

}  // namespace posittune::records
