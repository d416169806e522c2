#include "posittune/cli/completion_texts.h"

#include <algorithm>

namespace posittune::cli {
namespace {

constexpr std::size_t kLongest = 76;

}  // namespace

std::string short_help(const std::string& help) {
  std::size_t end = help.size();
  for (const char* stop : {". ", "; "}) end = std::min(end, help.find(stop));
  std::string text = help.substr(0, end);
  if (text.size() <= kLongest) return text;
  const std::size_t space = text.rfind(' ', kLongest - 4);
  return text.substr(0, space == text.npos ? kLongest - 4 : space) + " ...";
}

std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char letter : text) result += letter == '\'' ? "'\\''" : std::string(1, letter);
  return result + "'";
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

}  // namespace posittune::cli
