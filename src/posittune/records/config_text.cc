#include "posittune/records/config_text.h"

#include "posittune/records/json_fields.h"

namespace posittune::records {

std::string quoted(const std::string& text) { return line_text(text); }

}  // namespace posittune::records
