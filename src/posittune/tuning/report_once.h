#pragma once

// Report split: a search reads it for one set of recipes only, which were chosen without it. The
// journal keeps which recipes they were.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/journal.h"
#include "posittune/tuning/mix_space.h"

namespace posittune::tuning {

// Claims the report split for these recipes, before it is read. The same recipes may come again (a
// run that continues, or is repeated); kUsage for others.
Status claim_report(records::Journal& journal, const std::vector<Plan>& plans);

}  // namespace posittune::tuning
