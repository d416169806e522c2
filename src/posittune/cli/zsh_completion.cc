#include "posittune/cli/completion_scripts.h"
#include "posittune/cli/completion_texts.h"

namespace posittune::cli {
namespace {

constexpr const char* kBegin = R"sh(#compdef posittune
# Completion of posittune for zsh, as `posittune completion zsh` writes it: a file _posittune of $fpath.

_posittune_words_or_files() {
  compadd "$@"
  _files
}

_posittune() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
)sh";

// `part`: of a specification of _arguments, where [ ] : and \ have a meaning.
std::string escaped(const std::string& part) {
  std::string text;
  for (const char letter : part) {
    if (letter == ':' || letter == '[' || letter == ']' || letter == '\\') text += '\\';
    text += letter;
  }
  return text;
}

std::string action(const Value& value) {
  const std::string words = joined(value.words, " ");
  if (words.empty()) {
    return value.files == Files::kAny       ? "_files"
           : value.files == Files::kFolders ? "_files -/"
                                            : " ";
  }
  if (value.files != Files::kNone) return "_posittune_words_or_files - " + words;
  return value.list ? "_sequence -s , compadd - " + words : "compadd - " + words;
}

std::string value_part(const Value& value) {
  return value.name.empty() ? "" : ":" + escaped(value.name) + ":" + escaped(action(value));
}

// One specification for each flag; those of one option exclude each other.
std::string specifications(const CommandText& command, const std::string& indent) {
  std::string text;
  const auto add = [&](const std::string& one) { text += " \\\n" + indent + shell_quoted(one); };
  for (const OptionText& option : command.options) {
    const std::string others = option.repeats ? "*" : "(" + joined(option.flags, " ") + ")";
    for (const std::string& flag : option.flags)
      add(others + flag + "[" + escaped(short_help(option.help)) + "]" + value_part(option.value));
  }
  for (const OptionText& argument : command.arguments)
    add((argument.repeats ? "*" : "") + value_part(argument.value));
  return text;
}

}  // namespace

std::string zsh_completion(const CommandText& program) {
  std::string text = kBegin;
  for (const CommandText& command : program.commands)
    text += "    " + shell_quoted(escaped(command.name) + ":" + command.summary) + "\n";
  text += "  )\n  _arguments -C" + specifications(program, "    ");
  text += " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n";
  text += "    command) _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const CommandText& command : program.commands)
    text += "        " + command.name + ") _arguments" + specifications(command, "          ") +
            " ;;\n";
  return text + "      esac ;;\n  esac\n}\n\n_posittune \"$@\"\n";
}

}  // namespace posittune::cli
