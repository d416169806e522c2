#pragma once

// What a table of MAC units says about itself in its comments, and whether that still holds.
//
// rtl/syn/table.py writes: "# rows sha256: HEX" of titles and rows, each line with a newline; "#
// head sha256: HEX" of all comments but that one; "# sources: PATH ..." below the folder rtl, and
// "# sources sha256: HEX" of, for each, its path, a zero byte and the digits of its own hash.

#include <string>
#include <string_view>

#include "posittune/base/result.h"

namespace posittune::cost {

// VALUE of a comment "# NAME: VALUE"; empty when there is none.
std::string comment_value(std::string_view text, std::string_view name);

// Whether a table says in its first line that rtl/syn/flow.py wrote it. One of a person's own does
// not.
bool is_project_table(std::string_view text);

// kInput when titles or rows are not those that a recorded hash is for. With `project` both hashes
// of rows and comments must be there, and the mark of the first line.
Status check_hashes(std::string_view text, const std::string& where, bool project);

// kInput when the sources that a project's table records are not those in `rtl_folder`: the table
// is stale.
Status check_sources(std::string_view text, const std::string& where,
                     const std::string& rtl_folder);

}  // namespace posittune::cost
