#pragma once

// What the command line hears of a session: notes on stderr, progress bars, Ctrl-C.

#include <string>

#include "posittune/cli/cli.h"
#include "posittune/session/observer.h"

namespace posittune::cli {

// Lines on stderr, printable, fields as flags of the running command.
void say_note(Streams streams, const std::string& text);
void say_results(Streams streams, const std::string& folder);

class Terminal : public session::Observer {
 public:
  explicit Terminal(Streams streams) : streams_(streams) {}
  void note(const std::string& text) override;
  session::Advance step(const std::string& title, std::size_t total,
                        const std::string& unit) override;

 private:
  Streams streams_;
};

}  // namespace posittune::cli
