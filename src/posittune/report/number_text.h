#pragma once

// Numbers as tables show them. NaN is "-".

#include <cstdint>
#include <initializer_list>
#include <string>

#include "posittune/records/comparison.h"

namespace posittune::report {

// Number with four digits: "0.0123", "1.23e-05", "0", "inf".
std::string number_text(double value);
// Number with three digits and an exponent, for columns that span decades: "1.23e-05"; "0".
std::string decades_text(double value);
// Number with three digits: "0.25", "1e+06".
std::string three_digits(double value);

// Interval: "0.0123 [0.0119, 0.0127]"; signed: "+0.5 [-0.1, +1.1]".
std::string interval_text(const records::Estimate& estimate);
std::string interval_text(double value, double low, double high);
std::string signed_interval_text(const records::Estimate& estimate);

// Number in the largest of the units in which it is at least 1; each unit is a thousand of the one
// before.
std::string scaled_text(double value, std::initializer_list<const char*> units);
std::string bytes_text(double bytes);  // "1.234 MB"
std::string energy_text(double pj);    // "1.234 uJ"

// Count: "1234567", "12.3 M", "45.6 G".
std::string count_text(std::uint64_t count);

}  // namespace posittune::report
