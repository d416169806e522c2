#pragma once

// Format cards, tables and plots for people.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::report {

std::string family_name(const formats::Format& format);

std::string binary(std::uint64_t code, int bits);

// The card of a format: everything about it, a line per fact.
std::string card(const formats::Format& format);

// A table with one line per format.
std::string format_table(const std::vector<formats::Format>& rows);

// A plot of decimal accuracy against magnitude, a line for each format that has any, as SVG.
std::string accuracy_plot(const std::vector<formats::Format>& chosen);

}  // namespace posittune::report
