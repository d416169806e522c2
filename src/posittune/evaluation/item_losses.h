#pragma once

// Losses of items: kept in the journal beside the row that was measured with them, so that a run
// that is repeated has them too.

#include <span>
#include <string>

#include "posittune/base/result.h"
#include "posittune/metrics/divergence.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"

namespace posittune::evaluation {

// `key`: of the row.
Status put_items(records::Journal& journal, const std::string& key,
                 std::span<const metrics::ItemDivergence> losses);
// Empty lists where the journal has none for this row.
Result<records::ItemsEntry> find_items(const records::Journal& journal, const std::string& key);

}  // namespace posittune::evaluation
