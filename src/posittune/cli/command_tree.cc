#include "posittune/cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <regex>
#include <sstream>
#include <utility>

#include "posittune/formats/format.h"

namespace posittune::cli {
namespace {

constexpr const char* kOffer = "offer";

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

// Words that a help text explains: "how weights are rounded. nearest: ...; compensated: ...". One
// alone is no choice.
std::vector<std::string> explained_words(const std::string& help) {
  static const std::regex explained("(?:^|[.;] )([a-z0-9_]+): ");
  std::vector<std::string> words;
  for (std::sregex_iterator at(help.begin(), help.end(), explained), end; at != end; ++at)
    words.push_back((*at)[1]);
  return words.size() > 1 ? words : std::vector<std::string>{};
}

// Those of CLI::IsMember, which names its type "TEXT:{csv,json}".
std::vector<std::string> members(const std::string& type) {
  const std::size_t open = type.find(":{");
  const std::size_t close = type.find('}');
  if (open == type.npos || close == type.npos) return {};
  return split(type.substr(open + 2, close - open - 2), ',');
}

// Those of offer(), else those that help explains.
std::vector<std::string> offered_words(CLI::Option& option) {
  try {
    CLI::Validator words = *option.get_validator(kOffer);
    return split(words.active().get_description(), '\n');
  } catch (const CLI::OptionNotFound&) {
    return option.get_type_name() == "TEXT" ? explained_words(option.get_description())
                                            : std::vector<std::string>{};
  }
}

Files files_of(const std::string& name, bool words) {
  if (name.find("FOLDER") != name.npos) return Files::kFolders;
  const bool any = name.find("FILE") != name.npos || name == "PATH" || (name == "TEXT" && !words);
  return any ? Files::kAny : Files::kNone;
}

Value value_of(CLI::Option& option) {
  if (option.get_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  Value value;
  value.name =
      option.get_option_text().empty() ? type.substr(0, type.find(':')) : option.get_option_text();
  value.words = members(type);
  value.complete = !value.words.empty();
  if (!value.complete) value.words = offered_words(option);
  value.files = files_of(value.name, !value.words.empty());
  value.list = option.get_delimiter() != '\0';
  return value;
}

OptionText text_of(CLI::Option& option) {
  OptionText text{.value = value_of(option),
                  .help = option.get_description(),
                  .group = option.get_group(),
                  .usual = option.get_default_str(),
                  .variable = option.get_envname(),
                  .required = option.get_required(),
                  .repeats = option.get_expected_max() > 1};
  for (const std::string& name : option.get_snames()) text.flags.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.flags.push_back("--" + name);
  if (text.flags.empty()) text.value.name = option.get_name(true);
  return text;
}

}  // namespace

CommandText command_tree(CLI::App& app) {
  CommandText text{
      .name = app.get_name(), .summary = app.get_description(), .footer = app.get_footer()};
  const auto shown = [](const CLI::Option* option) { return !option->get_group().empty(); };
  for (CLI::Option* option : app.get_options()) {
    if (!shown(option)) continue;
    OptionText one = text_of(*option);
    (one.flags.empty() ? text.arguments : text.options).push_back(std::move(one));
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    text.commands.push_back(command_tree(*command));
  return text;
}

CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& words) {
  std::string lines;
  for (const std::string& word : words) lines += word + "\n";
  // CLI11 neither runs nor shows a validator that is not active: this one only carries the words.
  CLI::Validator carrier([](std::string&) { return std::string(); }, lines, kOffer);
  return option->check(carrier.active(false));
}

std::vector<std::string> format_words() {
  std::vector<std::string> words;
  for (const formats::Format& format : formats::known_formats()) {
    std::string word;
    for (const char letter : formats::name(format)) {
      if (letter == ',') word += 'e';
      if (letter != ',' && letter != '<' && letter != '>') word += letter;
    }
    if (const auto parsed = formats::parse_format(word); parsed.ok() && *parsed == format)
      words.push_back(word);
  }
  return words;
}

}  // namespace posittune::cli
