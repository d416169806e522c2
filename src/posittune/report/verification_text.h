#pragma once

// A verification for the console: differences of outputs, metrics, seconds.

#include <string>

#include "posittune/records/verification.h"

namespace posittune::report {

std::string verification_text(const records::Verification& verification);

}  // namespace posittune::report
