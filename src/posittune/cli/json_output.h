#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace posittune::cli {

// As --json prints it. Bytes that are not UTF-8 (a path may hold them) are replaced.
void print_json(const nlohmann::ordered_json& document, std::ostream& out);

}  // namespace posittune::cli
