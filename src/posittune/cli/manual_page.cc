#include "posittune/cli/manual_page.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "posittune/cli/completion_texts.h"

namespace posittune::cli {
namespace {

constexpr std::size_t kWidth = 78;  // mandoc calls longer lines bad style

constexpr std::size_t kLongWord = 40;

// Text as roff takes it: a minus that can be copied, a backslash that is one. Long lists without
// spaces may be broken behind a comma.
std::string escaped(const std::string& text) {
  const bool breaks = text.size() > kLongWord && text.find(' ') == text.npos;
  std::string result;
  for (const char letter : text) {
    if (letter == '-') {
      result += "\\-";
    } else if (letter == '\\') {
      result += "\\e";
    } else {
      result += letter;
      if (letter == ',' && breaks) result += "\\:";
    }
  }
  return result;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return static_cast<char>(std::toupper(letter));
  });
  return text;
}

bool ends_sentence(const std::string& word) {
  return word.size() > 1 && word.back() == '.' && word[word.size() - 2] != '.';
}

// Lines of words, a new one after each sentence. One that would begin as a request begins with \&.
std::string paragraph(const std::string& text) {
  std::string result, line, word;
  const auto end_line = [&] {
    if (line.empty()) return;
    const bool request = line.front() == '.' || line.front() == '\'';
    result += (request ? "\\&" : "") + line + "\n";
    line.clear();
  };
  for (std::istringstream words(text); words >> word;) {
    const std::string shown = escaped(word);
    if (line.size() + 1 + shown.size() > kWidth) end_line();
    line += (line.empty() ? "" : " ") + shown;
    if (ends_sentence(word)) end_line();
  }
  end_line();
  return result;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + escaped(text) + "\\fR"; }

// "-o, --run FILE"
std::string title(const OptionText& option) {
  std::string text;
  for (const std::string& flag : option.flags) text += (text.empty() ? "" : ", ") + bold(flag);
  if (option.value.name.empty()) return text;
  return text + (text.empty() ? "" : " ") + italic(option.value.name) +
         (option.repeats ? " ..." : "");
}

// Help, and what its text does not say: words, default, variable.
std::string body(const OptionText& option) {
  std::string text = option.help;
  const auto sentence = [&text](const std::string& more) {
    if (!text.empty() && text.back() != '.') text += '.';
    text += (text.empty() ? "" : " ") + more + ".";
  };
  if (option.required) sentence("Required");
  if (option.value.complete) sentence("One of: " + joined(option.value.words, ", "));
  if (!option.usual.empty()) sentence("Default: " + option.usual);
  if (!option.variable.empty()) sentence("The environment variable " + option.variable + " too");
  if (!text.empty() && text.back() != '.') text += '.';
  return paragraph(text);
}

std::string entry(const std::string& title, const std::string& text) {
  return ".TP\n" + title + "\n" + text;
}

// Options in the order and the groups of help; those without a group of their own first. CLI11
// calls these Options, later versions OPTIONS.
std::string options_of(const CommandText& command) {
  std::vector<std::string> groups = {""};
  const auto group_of = [](const OptionText& option) {
    return upper(option.group) == "OPTIONS" ? std::string() : option.group;
  };
  for (const OptionText& option : command.options) {
    if (std::ranges::count(groups, group_of(option)) == 0) groups.push_back(group_of(option));
  }
  std::string text;
  for (const std::string& group : groups) {
    if (!group.empty()) text += ".PP\n" + paragraph(group + ":");
    for (const OptionText& option : command.options) {
      if (group_of(option) == group) text += entry(title(option), body(option));
    }
  }
  return text;
}

std::string synopsis(const std::string& program, const CommandText& command) {
  std::string text = bold(program + " " + command.name);
  for (const OptionText& argument : command.arguments) {
    const std::string name = italic(argument.value.name) + (argument.repeats ? " ..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text + " [" + italic("options") + "]\n";
}

// `inherited`: the footer of commands that have none of their own.
std::string command_section(const std::string& program, const CommandText& command,
                            const std::string& inherited) {
  std::string text = ".SS " + program + " " + escaped(command.name) + "\n" +
                     synopsis(program, command) + ".PP\n" + paragraph(command.summary + ".");
  for (const OptionText& argument : command.arguments)
    text += entry(title(argument), body(argument));
  text += options_of(command);
  if (command.footer != inherited) text += ".PP\n" + paragraph(command.footer);
  return text;
}

}  // namespace

std::string manual_page(const CommandText& program, const std::string& version,
                        const std::vector<Variable>& environment) {
  const std::string& name = program.name;
  std::string text =
      ".TH " + upper(name) + " 1 \"\" \"" + name + " " + version + "\"\n.nh\n.ad l\n";
  const std::string about = program.summary.substr(program.summary.find(": ") + 1);
  text += ".SH NAME\n" + name + " \\-" + escaped(about) + "\n.SH SYNOPSIS\n";
  for (const CommandText& command : program.commands)
    text += (&command == &program.commands.front() ? "" : ".br\n") + synopsis(name, command);
  text += ".SH DESCRIPTION\n" +
          paragraph(
              "Rounds a trained network to posits, integers, floats and block formats, measures "
              "what each "
              "costs, and finds the best format for each layer. Each option has the same text in " +
              name + " COMMAND --help.");
  text += ".SH OPTIONS\n" + options_of(program) + ".SH COMMANDS\n";
  for (const CommandText& command : program.commands)
    text += command_section(name, command, program.footer);
  text += ".SH EXIT STATUS\n" + paragraph(program.footer) + ".SH ENVIRONMENT\n";
  for (const Variable& variable : environment)
    text += entry(bold(variable.name), paragraph(variable.help));
  return text;
}

}  // namespace posittune::cli
