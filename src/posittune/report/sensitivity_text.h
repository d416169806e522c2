#pragma once

// A sensitivity analysis for the console: scores of each layer under each format, how well tiers
// agree, what was checked beside them, and what it cost.

#include <string>
#include <vector>

#include "posittune/records/sensitivity.h"

namespace posittune::report {

std::string sensitivity_text(const records::Sensitivity& result);

// A line for each tier of scores: "gain       1.2 s      3.4 FP32 evaluations     26 runs".
std::string tier_costs_text(const std::vector<records::TierCost>& costs);

}  // namespace posittune::report
