#pragma once

// Machine: what it can run, and what will be used of it. Times the paths of products if that was
// not done before.

#include "posittune/base/result.h"
#include "posittune/records/machine.h"

namespace posittune::session {

// The record of this machine. kUsage: an environment variable forces something that is not
// available.
Result<records::Machine> machine();

}  // namespace posittune::session
