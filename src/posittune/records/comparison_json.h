#pragma once

// A comparison as JSON, whose form comparison.h describes.

#include <nlohmann/json.hpp>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"

namespace posittune::records {

nlohmann::ordered_json to_json(const ComparisonRow& row);
nlohmann::ordered_json to_json(const Comparison& comparison);

// Read them back. Errors (kInput) name the place as a JSON pointer: "/rows/3/metrics/kl/low".
Result<ComparisonRow> row_from_json(const nlohmann::json& json);
Result<Comparison> comparison_from_json(const nlohmann::json& json);

}  // namespace posittune::records
