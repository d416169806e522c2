#pragma once

// What can be quantized in a model, for the console: layers, then products that are none.

#include <string>

#include "posittune/records/inspection.h"

namespace posittune::report {

std::string inspection_text(const records::Inspection& inspection);

}  // namespace posittune::report
