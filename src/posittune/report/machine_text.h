#pragma once

// A machine for the console: what it can run.

#include <string>

#include "posittune/records/machine.h"

namespace posittune::report {

std::string machine_text(const records::Machine& machine);

}  // namespace posittune::report
