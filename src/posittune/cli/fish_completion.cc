#include "posittune/cli/completion_scripts.h"
#include "posittune/cli/completion_texts.h"

namespace posittune::cli {
namespace {

// In single quotes fish knows \' and \\.
std::string fish_quoted(const std::string& text) {
  std::string result = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') result += '\\';
    result += letter;
  }
  return result + "'";
}

std::string value_part(const Value& value) {
  if (value.name.empty()) return "";
  std::string words = joined(value.words, " ");
  if (value.list && !words.empty()) words = "(__fish_append , " + words + ")";
  if (value.files == Files::kFolders) words = "(__fish_complete_directories)";
  return (value.files == Files::kAny ? " -r -F" : " -x") +
         (words.empty() ? "" : " -a " + fish_quoted(words));
}

// complete -c posittune -n CONDITION -s o -l run ...
std::string line(const std::string& condition, const OptionText& option) {
  std::string text = "complete -c posittune -n " + fish_quoted(condition);
  for (const std::string& flag : option.flags)
    text += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
  std::string value = value_part(option.value);
  if (option.flags.empty()) {  // where no option is waiting for its value
    const bool files = value.starts_with(" -r -F");
    value = (files ? " -F" : " -f") + value.substr(files ? 6 : 3);
  }
  return text + value + " -d " + fish_quoted(short_help(option.help)) + "\n";
}

}  // namespace

std::string fish_completion(const CommandText& program) {
  std::string text =
      "# Completion of posittune for fish, as `posittune completion fish` writes it.\n"
      "complete -c posittune -f\n";
  for (const OptionText& option : program.options) text += line("__fish_use_subcommand", option);
  for (const CommandText& command : program.commands) {
    text += "complete -c posittune -n __fish_use_subcommand -a " + command.name + " -d " +
            fish_quoted(command.summary) + "\n";
  }
  for (const CommandText& command : program.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionText& option : command.options) text += line(condition, option);
    for (const OptionText& argument : command.arguments) text += line(condition, argument);
  }
  return text;
}

}  // namespace posittune::cli
