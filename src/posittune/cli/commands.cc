#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <ostream>

#include "posittune/base/version.h"
#include "posittune/cli/cli.h"

namespace posittune::cli {
namespace {

const std::array<const Command*, 3> kCommands = {&kFormats, &kQuantize, &kDoctor};

int report(const Error& error, Streams streams) {
  streams.err << "error: " << error.message() << "\n";
  return static_cast<int>(error.kind);
}

}  // namespace

int run(const std::vector<std::string>& arguments, Streams streams) {
  CLI::App app("PositTune: which number format for which layer?", "posittune");
  app.set_version_flag("--version", std::string("posittune ") + kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 goal not met, 2 usage, 3 bad input, 4 unsupported, 5 resources, "
      "130 interrupted.");
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Command* command : kCommands) {
    CLI::App* sub = app.add_subcommand(command->name, command->summary);
    actions.emplace_back(sub, command->declare(*sub, streams));
  }
  try {
    // CLI11 takes the arguments last first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, streams.out, streams.err) == 0 ? 0 : static_cast<int>(ErrorKind::kUsage);
  }
  for (const auto& [sub, action] : actions) {
    if (!sub->parsed()) continue;
    try {
      const Status status = action();
      streams.out.flush();
      if (!status) return report(status.error(), streams);
    } catch (const std::bad_alloc&) {
      return report({.kind = ErrorKind::kResource, .what = "out of memory"}, streams);
    }
    if (!streams.out) {
      return report({.kind = ErrorKind::kResource, .what = "cannot write to standard output"},
                    streams);
    }
  }
  return 0;
}

}  // namespace posittune::cli
