#pragma once

// Hardware units that come with the project, and the table of their costs: where they are.

#include <optional>
#include <string>

namespace posittune::session {

// The folder `rtl`: POSITTUNE_RTL, or `rtl` in the current folder or in a folder above the
// executable.
std::optional<std::string> rtl_folder();

// The file syn/costs.csv in it, where there is one.
std::optional<std::string> rtl_costs();

}  // namespace posittune::session
