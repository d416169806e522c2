#pragma once

// Where the hardware units are that come with the project, and the table of what they cost.

#include <optional>
#include <string>

namespace posittune::session {

// The folder `rtl`: POSITTUNE_RTL, or in the current folder, or in a folder above the executable.
std::optional<std::string> rtl_folder();

// Its syn/costs.csv, where there is one.
std::optional<std::string> rtl_costs();

}  // namespace posittune::session
