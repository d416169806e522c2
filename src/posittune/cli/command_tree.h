#pragma once

// Command tree: the commands, options and arguments of the program as plain texts, read from what
// CLI11 was told. Completions for shells and the manual page are written from it, so that a new
// command or option needs no second place.

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace posittune::cli {

// Files: which of them a value may be.
enum class Files : std::uint8_t { kNone, kAny, kFolders };

struct Value {
  std::string name{};                // as help shows it: "FILE", "NAME=AXIS"; empty: a flag
  std::vector<std::string> words{};  // what to offer; other values may be allowed
  Files files = Files::kNone;
  bool complete = false;  // there are no other words
  bool list = false;      // several with a comma or semicolon between them
};

// An option, or an argument by its place, which has no flags.
struct OptionText {
  std::vector<std::string> flags{};  // "-o", "--run"
  Value value{};
  std::string help{}, group{};
  std::string usual{};     // the default
  std::string variable{};  // of the environment, that gives it too
  bool required = false, repeats = false;
};

struct CommandText {
  std::string name{}, summary{}, footer{};
  std::vector<OptionText> options{}, arguments{};
  std::vector<CommandText> commands{};
};

// A value whose type is FILE, PATH or FOLDER, or of which nothing is known, is one of the files;
// where the type is a number, or has a name of its own, it is not.
CommandText command_tree(CLI::App& app);

// Says what completion offers as values of an option, where neither a CLI::IsMember nor help says
// it
// ("nearest: to the nearest value; compensated: ..."). Other values stay allowed.
CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& words);

// The known formats, by names that a shell takes without quotes: posit8e1, int8 ...
std::vector<std::string> format_words();

}  // namespace posittune::cli
