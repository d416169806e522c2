#pragma once

// What this machine can run, and what will be used of it. Times the paths of products where that
// was not done before.

#include "posittune/base/result.h"
#include "posittune/records/machine.h"

namespace posittune::session {

// kUsage: an environment variable that forces what is not there.
Result<records::Machine> machine();

}  // namespace posittune::session
