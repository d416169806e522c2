#pragma once

// Rounding of an array for the console: what it did to the values.

#include <string>

#include "posittune/records/rounding.h"

namespace posittune::report {

std::string rounding_text(const records::Rounding& rounding);

}  // namespace posittune::report
