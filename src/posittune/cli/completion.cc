// posittune completion: the script that completes commands, options and values in a shell.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "posittune/cli/cli.h"
#include "posittune/cli/completion_scripts.h"

namespace posittune::cli {
namespace {

constexpr const char* kInstalled =
    "cmake --install puts them where each shell looks. By hand: `source <(posittune completion "
    "bash)` in ~/.bashrc; `posittune completion zsh > DIR/_posittune` with DIR in $fpath; "
    "`posittune completion fish > ~/.config/fish/completions/posittune.fish`.";

std::string script(const std::string& shell, const CommandText& program) {
  if (shell == "bash") return bash_completion(program);
  return shell == "zsh" ? zsh_completion(program) : fish_completion(program);
}

Action declare(CLI::App& app, Streams streams) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "the shell that the script is for")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.footer(kInstalled);
  return [&app, shell, streams] {
    streams.out << script(*shell, command_tree(*app.get_parent()));
    return success();
  };
}

}  // namespace

extern const Command kCompletion = {"completion", "completion of commands and options in a shell",
                                    declare};

}  // namespace posittune::cli
