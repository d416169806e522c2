#pragma once

// What the scripts of all shells say in the same way.

#include <string>
#include <vector>

namespace posittune::cli {

// The first sentence of a help text, for the line beside a completion.
std::string short_help(const std::string& help);

// 'text' with each ' as '\'': one word of a shell.
std::string shell_quoted(const std::string& text);

std::string joined(const std::vector<std::string>& words, const std::string& between);

}  // namespace posittune::cli
