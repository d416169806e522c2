#pragma once

// Suggestions for a name that is not known.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/edit_distance.h"

namespace posittune {

// The `count` names of `known` nearest to `text`: those that contain it first (or a part of them,
// for long names), then by edit distance, ties in the order given. Text beyond 128 bytes is not
// looked at.
std::vector<std::string> nearest(std::string_view text, const std::vector<std::string>& known,
                                 std::size_t count);

// Joins names: "a, b, c".
std::string joined(const std::vector<std::string>& names);

}  // namespace posittune
