#pragma once

// Costs for the console: a line for each row, then kinds of products, then layers.

#include <string>

#include "posittune/records/cost.h"

namespace posittune::report {

// The text of costs; at least one row. Kinds of products are shown where there are others than
// layers with weights.
std::string cost_text(const records::CostResult& result, bool by_layer);

// The text of units: a line for each MAC unit.
std::string units_text(const records::UnitsResult& result);

}  // namespace posittune::report
