#pragma once

// The manual page of the program, in roff with the macros of man(7).

#include <string>

#include "posittune/cli/command_tree.h"

namespace posittune::cli {

// `environment`: names of variables and what they do.
struct Variable {
  std::string name, help;
};
std::string manual_page(const CommandText& program, const std::string& version,
                        const std::vector<Variable>& environment);

}  // namespace posittune::cli
