#pragma once

// Formats as text for people.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::report {

std::string family_name(const formats::Format& format);

std::string binary(std::uint64_t code, int bits);

// Everything about one format, a line per fact.
std::string card(const formats::Format& format);

// One line per format.
std::string format_table(const std::vector<formats::Format>& rows);

// Decimal accuracy against magnitude, a line for each format that has any, as SVG.
std::string accuracy_plot(const std::vector<formats::Format>& chosen);

}  // namespace posittune::report
