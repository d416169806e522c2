#pragma once

// Printable text: names from files and messages of other libraries, made safe for a terminal.

#include <cstddef>
#include <string>
#include <string_view>

namespace posittune {

// Text that is safe to print: UTF-8 stays as it is; control characters (C0, DEL, C1, those that
// turn the direction of writing) and bytes that are not UTF-8 become \xNN, byte by byte: a name
// cannot move the cursor, add a line or fake a colour.
std::string printable(std::string_view text);

// Columns of a terminal that printable text takes: 2 for a wide East Asian character or an emoji,
// 0 for a combining mark, 1 for others (Unicode 15, UAX 11).
std::size_t display_width(std::string_view text);

// The longest beginning of the text that fits into `columns` columns.
std::string_view cut_to_width(std::string_view text, std::size_t columns);

}  // namespace posittune
