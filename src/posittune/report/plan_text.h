#pragma once

// What a job would measure, for the console: a line for each fact.

#include <string>

#include "posittune/records/plan.h"

namespace posittune::report {

std::string plan_text(const records::ComparePlan& plan);
std::string plan_text(const records::SensitivityPlan& plan);
std::string plan_text(const records::SearchPlan& plan);

}  // namespace posittune::report
