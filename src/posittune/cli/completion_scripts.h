#pragma once

// Scripts that complete the program's commands, options and values in a shell. They hold all words
// and run nothing.

#include <string>

#include "posittune/cli/command_tree.h"

namespace posittune::cli {

std::string bash_completion(const CommandText& program);  // bash 4 and newer
std::string zsh_completion(const CommandText& program);   // a file _PROGRAM of $fpath
std::string fish_completion(const CommandText& program);

}  // namespace posittune::cli
