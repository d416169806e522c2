#pragma once

#include <string>

namespace posittune::records {

// A name as a configuration (YAML) holds it: a JSON string. Bytes that are not UTF-8 are replaced.
std::string quoted(const std::string& text);

}  // namespace posittune::records
