#pragma once

// Terminal: the observer of the command line, with notes and progress bars on stderr, and Ctrl-C.

#include <string>

#include "posittune/cli/cli.h"
#include "posittune/session/observer.h"

namespace posittune::cli {

// Prints lines on stderr, printable, with flags of the running command instead of fields.
void say_note(Streams streams, const std::string& text);
void say_results(Streams streams, const std::string& folder);

class Terminal : public session::Observer {
 public:
  explicit Terminal(Streams streams) : streams_(streams) {}
  void note(const std::string& text) override;
  Advance step(const std::string& title, std::size_t total, const std::string& unit) override;

 private:
  Streams streams_;
};

}  // namespace posittune::cli
