#pragma once

// Command line: parses the arguments and runs one command. Results go to `out`; progress, notes and
// errors to `err`.

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace CLI {
class App;
}

namespace posittune::cli {

struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;                 // err is a terminal: progress may redraw its line
  std::vector<std::string> arguments{};  // this call's, for records; run() sets them
  const CLI::App* command = nullptr;     // the one that runs, for flags in messages; run() sets it
};

// The commit that was built ("+changes" when files differed from it); empty when built from a
// tarball.
const char* commit();

// The exit code: see errors.h.
int run(const std::vector<std::string>& arguments, Streams streams);

// A command declares its options on `app` and returns what to do once they are parsed.
using Action = std::function<Status()>;
struct Command {
  const char* name;
  const char* summary;
  Action (*declare)(CLI::App& app, Streams streams);
};

}  // namespace posittune::cli
