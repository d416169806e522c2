#pragma once

// What rounding an array did to it, for the console.

#include <string>

#include "posittune/records/rounding.h"

namespace posittune::report {

std::string rounding_text(const records::Rounding& rounding);

}  // namespace posittune::report
