#pragma once

// Documents: the parts of a text file, which blank lines separate.

#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::data {

// Splits UTF-8 text into documents, which are separated by one or more blank lines. A document's
// lines are joined by one '\n', without one at its end. Line ends may be "\r\n", and a byte order
// mark is skipped.
// kInput errors name `path` and the line: bytes that are not UTF-8 (RFC 3629), a zero byte, a file
// without text.
Result<std::vector<std::string>> split_documents(const std::string& path, std::string_view text);

}  // namespace posittune::data
