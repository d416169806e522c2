#pragma once

// Numbers (floating-point) as text in JSON and CSV. JSON has no infinities and no NaN, and results
// do (the SQNR of FP32 to itself is infinite), so these three are "Infinity", "-Infinity" and
// "NaN": Python's float(), JavaScript's Number() and pandas read them back.

#include <string>

namespace posittune::records {

// The shortest text that reads back as the same double.
std::string number_text(double number);

}  // namespace posittune::records
