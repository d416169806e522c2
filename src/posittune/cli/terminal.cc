#include "posittune/cli/terminal.h"

#include <memory>
#include <ostream>

#include "posittune/base/printable.h"
#include "posittune/cli/progress.h"

namespace posittune::cli {

void Terminal::note(const std::string& text) {
  streams_.err << "note: " << printable(text) << "\n";
}

session::Advance Terminal::step(const std::string& title, std::size_t total,
                                const std::string& unit) {
  return [this,
          progress = std::make_shared<Progress>(streams_, title, total, unit)](std::size_t count) {
    progress->advance(count);
    return go_on();
  };
}

}  // namespace posittune::cli
