#pragma once

// The error of a file or an array that does not hold what it should. Internal to the room.

#include <string>

#include "posittune/base/result.h"

namespace posittune::data {

inline Error bad_input(const std::string& where, const std::string& what,
                       const std::string& expected = {}, const std::string& found = {},
                       const std::string& hint = {}) {
  return {.kind = ErrorKind::kInput,
          .what = what,
          .where = where,
          .expected = expected,
          .found = found,
          .hint = hint};
}

}  // namespace posittune::data
