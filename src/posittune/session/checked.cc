#include "posittune/session/checked.h"

#include <string>

#include "posittune/base/digits.h"

namespace posittune::session {

Status check_range(const char* field, double value, double least, double most) {
  if (value >= least && value <= most) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "a number out of range",
               .where = std::string("`") + field + "`",
               .expected = digits(least) + " .. " + digits(most),
               .found = digits(value)};
}

Status check_some(const char* field, bool empty) {
  if (!empty) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "nothing to choose from",
               .where = std::string("`") + field + "`",
               .expected = "at least one"};
}

}  // namespace posittune::session
