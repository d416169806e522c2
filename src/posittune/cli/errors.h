#pragma once

// What libraries report, in the words of the command line: kinds become exit codes, fields flags.

#include <string>

#include "posittune/base/result.h"

namespace CLI {
class App;
}

namespace posittune::cli {

// 0 done, 1 goal not met, 2 usage, 3 bad input, 4 unsupported, 5 resources, 70 our own bug
// (EX_SOFTWARE of sysexits.h), 130 interrupted.
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 goal not met, 2 usage, 3 bad input, 4 unsupported, 5 resources, 70 a "
    "bug of "
    "ours, 130 interrupted.";
int exit_code(ErrorKind kind);

// Fields in backticks that are options of the command become flags: `batch_axes=NAME=1` is
// --batch-axis NAME=1, `no_report` --no-report. Other text stays as it is.
std::string with_flags(const std::string& text, const CLI::App& command);
Error with_flags(Error error, const CLI::App& command);

}  // namespace posittune::cli
