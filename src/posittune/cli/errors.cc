#include "posittune/cli/errors.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

namespace posittune::cli {
namespace {

// Fields that hold several values, or are called otherwise; the others have their flag's name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOtherNames = {
    {{"batch_axes", "batch-axis"},
     {"constants", "constant"},
     {"recipes", "recipe"},
     {"run_folder", "run"},
     {"runs", "run"},
     {"scales", "scale"},
     {"shapes", "shape"},
     {"ties", "tie"}}};

}  // namespace

std::string flag_of(std::string_view field) {
  const auto other =
      std::ranges::find(kOtherNames, field, [](const auto& pair) { return pair.first; });
  std::string name(other == kOtherNames.end() ? field : other->second);
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kGoal:
      return 1;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInput:
      return 3;
    case ErrorKind::kUnsupported:
      return 4;
    case ErrorKind::kResource:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
    case ErrorKind::kInternal:
      break;
  }
  return 70;
}

std::string with_flags(const std::string& text, const CLI::App& command) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find('`', at);
    const std::size_t close = open == text.npos ? open : text.find('`', open + 1);
    if (close == text.npos) break;
    const std::string inside = text.substr(open + 1, close - open - 1);
    const std::size_t equals = inside.find('=');
    const std::string flag = flag_of(inside.substr(0, equals));
    result += text.substr(at, open - at);
    if (command.get_option_no_throw(flag) == nullptr) {
      result += "`" + inside + "`";
    } else {
      result += flag + (equals == inside.npos ? "" : " " + inside.substr(equals + 1));
    }
    at = close + 1;
  }
  return result + text.substr(at);
}

Error with_flags(Error error, const CLI::App& command) {
  for (std::string* part : {&error.what, &error.where, &error.expected, &error.hint})
    *part = with_flags(*part, command);
  return error;
}

}  // namespace posittune::cli
