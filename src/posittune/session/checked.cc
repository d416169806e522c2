#include "posittune/session/checked.h"

#include <string>

#include "posittune/base/digits.h"

namespace posittune::session {

namespace {

// `text`: writes a number.
template <class Number, class Text>
Status in_range(const char* field, Number value, Number least, Number most, Text text) {
  if (value >= least && value <= most) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "a number out of range",
               .where = std::string("`") + field + "`",
               .expected = text(least) + " .. " + text(most),
               .found = text(value)};
}

}  // namespace

Status check_range(const char* field, double value, double least, double most) {
  return in_range(field, value, least, most, [](double x) { return digits(x); });
}

Status check_range(const char* field, std::size_t value, std::size_t least, std::size_t most) {
  return in_range(field, value, least, most, [](std::size_t n) { return std::to_string(n); });
}

Status check_some(const char* field, bool empty) {
  if (!empty) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "nothing to choose from",
               .where = std::string("`") + field + "`",
               .expected = "at least one"};
}

}  // namespace posittune::session
