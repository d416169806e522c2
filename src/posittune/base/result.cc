#include "posittune/base/result.h"

#include <string_view>

#include "posittune/base/printable.h"

namespace posittune {

namespace {

// Further lines of a part are set in deeper than any part, so that no name passes for one.
std::string lines_of(std::string_view part) {
  std::string text;
  for (;;) {
    const std::size_t end = part.find('\n');
    text += printable(part.substr(0, end));
    if (end == std::string_view::npos) return text;
    part.remove_prefix(end + 1);
    text += "\n    ";
  }
}

}  // namespace

std::string Error::message() const {
  std::string text = lines_of(what);
  const auto add = [&text](const char* label, const std::string& part) {
    if (!part.empty()) text += std::string("\n  ") + label + lines_of(part);
  };
  add("where: ", where);
  add("expected: ", expected);
  add("found: ", found);
  add("", hint);
  return text;
}

Error of_field(Error error, const std::string& field) {
  error.where = "`" + field + "`" + (error.where.empty() ? "" : ", " + error.where);
  return error;
}

}  // namespace posittune
