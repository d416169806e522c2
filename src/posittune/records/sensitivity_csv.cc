#include "posittune/records/csv_cells.h"
#include "posittune/records/sensitivity.h"
#include "posittune/records/sensitivity_fields.h"

namespace posittune::records {

std::string csv_text(const std::vector<SensitivityRow>& rows) { return csv_table(rows); }

std::string csv_text(const std::vector<ChannelRow>& rows) { return csv_table(rows); }

}  // namespace posittune::records
