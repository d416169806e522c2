#pragma once

// Search choices: from the options of a search to its candidates and budgets.

#include "posittune/base/result.h"
#include "posittune/session/search.h"
#include "posittune/tuning/tuner.h"

namespace posittune::session {

// The tuner's options: choices, pins, ties and budgets, as far as they do not need the model.
// kUsage for invalid ones.
Result<tuning::Options> tuning_options(const SearchOptions& options);

}  // namespace posittune::session
