#pragma once

// Hashes of a table of MAC units: what its comments say about it, and whether that still holds.
//
// rtl/syn/table.py writes: "# rows sha256: HEX" of titles and rows, each line with a newline; "#
// head sha256: HEX" of all comments but that one; "# sources: PATH ..." below the folder rtl, and
// "# sources sha256: HEX" of, for each, its path, a zero byte and the digits of its own hash.

#include <string>
#include <string_view>

#include "posittune/base/result.h"

namespace posittune::cost {

// The value of a comment "# NAME: VALUE"; empty when there is none.
std::string comment_value(std::string_view text, std::string_view name);

// Whether a table's first line says that rtl/syn/flow.py wrote it. A user's own table does not.
bool is_project_table(std::string_view text);

// Checks hashes: kInput when titles or rows do not match a recorded hash. With `project` the hashes
// of rows and comments must both be there, and the mark in the first line.
Status check_hashes(std::string_view text, const std::string& where, bool project);

// Checks sources: kInput when the sources that a project's table records are not those in
// `rtl_folder`, so that the table is stale.
Status check_sources(std::string_view text, const std::string& where,
                     const std::string& rtl_folder);

}  // namespace posittune::cost
