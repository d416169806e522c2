#pragma once

// A comparison for the console: what was scored, a line for each row, and what its marks mean.

#include <cstddef>
#include <string>

#include "posittune/records/comparison.h"

namespace posittune::report {

// `units`: of the bootstrap, in the report split. At least one row; each has the metrics of the
// first.
std::string comparison_text(const records::Comparison& comparison, std::size_t units);

}  // namespace posittune::report
