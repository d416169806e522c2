#pragma once

// Plans for the console: what a job would measure, a line for each fact.

#include <string>

#include "posittune/records/plan.h"

namespace posittune::report {

std::string plan_text(const records::ComparePlan& plan);
std::string plan_text(const records::SensitivityPlan& plan);
std::string plan_text(const records::SearchPlan& plan);

}  // namespace posittune::report
