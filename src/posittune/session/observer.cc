#include "posittune/session/observer.h"

#include "posittune/base/interrupt.h"

namespace posittune::session {

void Observer::note(const std::string&) {}

Advance Observer::step(const std::string&, std::size_t, const std::string&) {
  return [this](std::size_t) { return go_on(); };
}

bool Observer::cancelled() { return false; }

Status Observer::go_on() {
  if (cancelled()) return cancellation();
  return check_interrupt();
}

}  // namespace posittune::session
