#include "posittune/cli/terminal.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace posittune::cli {
namespace {

TEST(Terminal, NotesAreLinesOfStderrWithTheCommandsFlags) {
  std::ostringstream out, err;
  CLI::App app;
  bool flag = false;
  app.add_flag("--no-report", flag);
  Streams streams{out, err};
  Terminal(streams).note("see `no_report`");
  EXPECT_EQ(err.str(), "note: see `no_report`\n");  // no command: the field's name
  err.str("");
  streams.command = &app;
  Terminal(streams).note("see `no_report`, layer 'a\nb\x1b'");
  EXPECT_TRUE(err.str().starts_with("note: see --no-report, layer 'a")) << err.str();
  EXPECT_EQ(err.str().find('\x1b'), std::string::npos);
  EXPECT_EQ(err.str().find('\n'), err.str().size() - 1);
  err.str("");
  say_results(streams, "runs/a\x1b");
  EXPECT_TRUE(err.str().starts_with("results: runs/a"));
  EXPECT_EQ(out.str(), "");
}

TEST(Terminal, StepsGoOn) {
  std::ostringstream out, err;
  Terminal terminal(Streams{out, err});
  const Advance advance = terminal.step("work", 2, "items");
  EXPECT_TRUE(advance(1).ok());
  EXPECT_TRUE(advance(1).ok());
}

}  // namespace
}  // namespace posittune::cli
