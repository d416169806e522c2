#include "posittune/cli/terminal.h"

#include <memory>
#include <ostream>

#include "posittune/base/printable.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/progress.h"

namespace posittune::cli {

void say_note(Streams streams, const std::string& text) {
  const std::string flags = streams.command == nullptr ? text : with_flags(text, *streams.command);
  streams.err << "note: " << printable(flags) << "\n";
}

void say_results(Streams streams, const std::string& folder) {
  streams.err << "results: " << printable(folder) << "\n";
}

void Terminal::note(const std::string& text) { say_note(streams_, text); }

Advance Terminal::step(const std::string& title, std::size_t total, const std::string& unit) {
  return [this,
          progress = std::make_shared<Progress>(streams_, title, total, unit)](std::size_t count) {
    progress->advance(count);
    return go_on();
  };
}

}  // namespace posittune::cli
