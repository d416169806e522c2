#include "posittune/cli/completion_scripts.h"
#include "posittune/cli/completion_texts.h"

namespace posittune::cli {
namespace {

// Before the tables. Bash cuts words at = and :, so the line is cut at spaces here, and what stands
// before the part that bash replaces is taken off the answers.
constexpr const char* kBegin = R"sh(_posittune() {
  local line=${COMP_LINE:0:COMP_POINT} part=${COMP_WORDS[COMP_CWORD]}
  local -a before answers=()
  read -ra before <<< "$line"
  local typed='' command='' option='' word
  if [[ ${#before[@]} -gt 0 && $line != *[[:space:]] ]]; then
    typed=${before[-1]}
    unset 'before[-1]'
  fi
  [[ $part == [:=] ]] && part=''
  local done=${typed%"$part"} value=$typed
  for word in "${before[@]:1}"; do
    [[ -n $command || $word == -* ]] || command=$word
    option=''
    [[ $word != -* || $word == *=* ]] || option=$word
  done
  if [[ $typed == --*=* ]]; then
    option=${typed%%=*}
    value=${typed#*=}
  fi
  local flags='' words='' files='' list=''
  case $command in
)sh";

constexpr const char* kEnd = R"sh(  esac
  local stem=${typed%"$value"}
  if [[ $value == -* && -z $option ]]; then
    words=$flags files=''
  elif [[ -n $list ]]; then
    stem+=${value%"${value##*[,;]}"}
    value=${value##*[,;]}
  fi
  mapfile -t answers < <(compgen -W "$words" -- "$value")
  case $files in
    any) compopt -o filenames 2> /dev/null; mapfile -t -O ${#answers[@]} answers < <(compgen -f -- "$value") ;;
    folders) compopt -o filenames 2> /dev/null; mapfile -t -O ${#answers[@]} answers < <(compgen -d -- "$value") ;;
  esac
  COMPREPLY=()
  for word in "${answers[@]}"; do
    word=$stem$word
    COMPREPLY+=("${word#"$done"}")
  done
}
complete -F _posittune posittune
)sh";

std::string settings(const Value& value) {
  std::string text;
  if (!value.words.empty()) text += " words=" + shell_quoted(joined(value.words, " "));
  if (value.files == Files::kAny) text += " files=any";
  if (value.files == Files::kFolders) text += " files=folders";
  if (value.list) text += " list=yes";
  return text;
}

// flags of the command, then the value of an option, or of an argument where no option waits for
// one.
std::string table(const CommandText& command) {
  std::string flags, cases, arguments;
  for (const OptionText& option : command.options) {
    flags += (flags.empty() ? "" : " ") + joined(option.flags, " ");
    if (option.value.name.empty()) continue;
    cases += "        " + joined(option.flags, " | ") + ")" + settings(option.value) + " ;;\n";
  }
  for (const OptionText& argument : command.arguments) arguments += settings(argument.value);
  if (arguments.empty()) arguments = " words=$flags";
  std::string text = "    " + (command.name.empty() ? "''" : command.name) + ")\n";
  text += "      flags=" + shell_quoted(flags) + "\n      case $option in\n" + cases;
  return text + "        *) option=''" + arguments + " ;;\n      esac ;;\n";
}

}  // namespace

std::string bash_completion(const CommandText& program) {
  std::string text =
      "# Completion of posittune for bash, as `posittune completion bash` writes it.\n";
  text += kBegin;
  CommandText none{.options = program.options};
  OptionText command;
  for (const CommandText& each : program.commands) command.value.words.push_back(each.name);
  none.arguments.push_back(command);
  text += table(none);
  for (const CommandText& each : program.commands) text += table(each);
  return text + kEnd;
}

}  // namespace posittune::cli
