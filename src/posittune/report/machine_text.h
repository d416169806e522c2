#pragma once

// What a machine can run, for the console.

#include <string>

#include "posittune/records/machine.h"

namespace posittune::report {

std::string machine_text(const records::Machine& machine);

}  // namespace posittune::report
