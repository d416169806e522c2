#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <ostream>

#include "posittune/base/memory.h"
#include "posittune/base/version.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/errors.h"

namespace posittune::cli {

// Each in the file of its name (formats.cc).
extern const Command kFormats, kQuantize, kInspect, kCompare, kSensitivity, kSearch, kReport,
    kExport, kVerify, kCost, kRtl, kZoo, kDoctor, kCompletion, kMan;

namespace {

const std::array kCommands = {&kFormats, &kQuantize, &kInspect, &kCompare,    &kSensitivity,
                              &kSearch,  &kReport,   &kExport,  &kVerify,     &kCost,
                              &kRtl,     &kZoo,      &kDoctor,  &kCompletion, &kMan};

int report(Error error, Streams streams) {
  if (streams.command != nullptr) error = with_flags(std::move(error), *streams.command);
  streams.err << "error: " << error.message() << "\n";
  return exit_code(error.kind);
}

// CLI11 says what is wrong; we say for which command, and what may have been meant.
int report_usage(const CLI::App& app, const CLI::ParseError& error,
                 const std::vector<std::string>& arguments, Streams streams) {
  std::string command = app.get_name();
  for (const CLI::App* sub : app.get_subcommands()) command += " " + sub->get_name();
  Error usage{.kind = ErrorKind::kUsage,
              .what = command + ": " + error.what(),
              .hint = "see `" + command + " --help`"};
  const bool named = !arguments.empty() && arguments.front().rfind('-', 0) != 0;
  if (app.get_subcommands().empty() && named) {
    usage.what = "unknown command '" + arguments.front().substr(0, 48) + "'";
    for (const Command* known : kCommands) {
      usage.expected += (usage.expected.empty() ? "" : ", ") + std::string(known->name);
    }
  }
  return report(usage, streams);
}

int run_action(const Action& action, Streams streams) {
  try {
    if (const Status status = action(); !status) return report(status.error(), streams);
  } catch (const std::bad_alloc&) {
    return report({.kind = ErrorKind::kResource, .what = "out of memory"}, streams);
  } catch (const std::exception& error) {
    if (memory_ended(error.what()))
      return report({.kind = ErrorKind::kResource, .what = "out of memory", .found = error.what()},
                    streams);
    return report({.what = std::string("internal error: ") + error.what()}, streams);
  } catch (...) {
    return report({.what = "internal error: an exception of an unknown kind"}, streams);
  }
  return 0;
}

// Output that could not be written is an error, whatever was said before.
int flushed(int code, Streams streams) {
  streams.out.flush();
  if (code != 0 || streams.out) return code;
  return report({.kind = ErrorKind::kResource, .what = "cannot write to standard output"}, streams);
}

}  // namespace

int run(const std::vector<std::string>& arguments, Streams streams) {
  streams.arguments = arguments;
  CLI::App app("PositTune: which number format for which layer?", "posittune");
  const std::string built = *commit() != '\0' ? std::string(" (") + commit() + ")" : "";
  app.set_version_flag("--version", std::string("posittune ") + kVersion + built);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Command* command : kCommands) {
    CLI::App* sub = app.add_subcommand(command->name, command->summary);
    Streams own = streams;
    own.command = sub;
    actions.emplace_back(sub, command->declare(*sub, own));
  }
  try {
    // CLI11 takes the arguments last first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return report_usage(app, error, arguments, streams);
    return flushed(app.exit(error, streams.out, streams.err), streams);
  }
  for (const auto& [sub, action] : actions) {
    if (!sub->parsed()) continue;
    streams.command = sub;
    return flushed(run_action(action, streams), streams);
  }
  return 0;
}

}  // namespace posittune::cli
