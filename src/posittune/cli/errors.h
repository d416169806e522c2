#pragma once

// Errors of libraries in terms of the command line: kinds become exit codes, fields become flags.

#include <string>
#include <string_view>

#include "posittune/base/result.h"

namespace CLI {
class App;
}

namespace posittune::cli {

// Exit codes; 70 is EX_SOFTWARE of sysexits.h.
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 goal not met, 2 usage, 3 bad input, 4 unsupported, 5 resources, 70 a "
    "bug of posittune, 130 interrupted.";
int exit_code(ErrorKind kind);

// The flag of a field: "cache_limit" is --cache-limit, "scales" is --scale.
std::string flag_of(std::string_view field);

// The text with flags instead of fields: fields in backticks that are options of the command become
// flags. `batch_axes=NAME=1` becomes --batch-axis NAME=1, `no_report` becomes --no-report. Other
// text stays as it is.
std::string with_flags(const std::string& text, const CLI::App& command);
Error with_flags(Error error, const CLI::App& command);

}  // namespace posittune::cli
