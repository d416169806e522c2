#pragma once

// An inspection for the console: layers that can be quantized, then products that are no layers.

#include <string>

#include "posittune/records/inspection.h"

namespace posittune::report {

std::string inspection_text(const records::Inspection& inspection);

}  // namespace posittune::report
