#pragma once

// Costs for the console: a line for each row, then kinds of products, then layers.

#include <string>

#include "posittune/records/cost.h"

namespace posittune::report {

// At least one row. Kinds of products are shown where there is more than layers with weights.
std::string cost_text(const records::CostResult& result, bool by_layer);

// A line for each MAC unit.
std::string units_text(const records::UnitsResult& result);

}  // namespace posittune::report
