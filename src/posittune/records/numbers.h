#pragma once

// Numbers (floating-point) in JSON and CSV. JSON has no infinities and no NaN, and results do (the
// SQNR of FP32 to itself is infinite), so these three are the strings "Infinity", "-Infinity" and
// "NaN": Python's float(), JavaScript's Number() and pandas read them back.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace posittune::records {

nlohmann::json number_to_json(double number);

// The number that was written so; none when `value` is neither a number nor one of the three
// strings.
std::optional<double> number_from_json(const nlohmann::json& value);

// The shortest text that reads back as the same double.
std::string number_text(double number);

}  // namespace posittune::records
