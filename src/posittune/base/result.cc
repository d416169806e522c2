#include "posittune/base/result.h"

namespace posittune {

std::string Error::message() const {
  std::string text = what;
  const auto add = [&text](const char* label, const std::string& part) {
    if (!part.empty()) text += std::string("\n  ") + label + part;
  };
  add("where: ", where);
  add("expected: ", expected);
  add("found: ", found);
  add("", hint);
  return text;
}

}  // namespace posittune
