#pragma once

// From the options of a search to what is chosen among, and within what.

#include "posittune/base/result.h"
#include "posittune/session/search.h"
#include "posittune/tuning/tuner.h"

namespace posittune::session {

// Choices, pins, ties and budgets; nothing that needs the model. kUsage for what makes no sense.
Result<tuning::Options> tuning_options(const SearchOptions& options);

}  // namespace posittune::session
