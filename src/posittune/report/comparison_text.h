#pragma once

// A comparison for the console: what was scored, a line for each row, and what its marks mean.

#include <cstddef>
#include <string>

#include "posittune/records/comparison.h"

namespace posittune::report {

// The text of a comparison. `units`: number of bootstrap units in the report split. At least one
// row; each has the metrics of the first.
std::string comparison_text(const records::Comparison& comparison, std::size_t units);

}  // namespace posittune::report
