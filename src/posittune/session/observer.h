#pragma once

// Observer of a session, which gets its notes and progress, and can stop it. A session prints
// nothing itself.

#include <cstddef>
#include <string>

#include "posittune/base/interrupt.h"
#include "posittune/base/result.h"

namespace posittune::session {

class Observer {
 public:
  virtual ~Observer() = default;

  // A note for the user, one line without an end of line. It holds names as they are in the model:
  // make it printable before it goes to a terminal.
  virtual void note(const std::string& text);

  // A step of `total` units ("items", "steps", "elements") begins; it ends when the returned
  // function is destroyed. 0: the number is not known. Steps do not overlap; calls come from one
  // thread.
  virtual Advance step(const std::string& title, std::size_t total, const std::string& unit);

  // Whether to stop, called between units: true ends the work with kInterrupted. Measurements are
  // in the journal.
  virtual bool cancelled();

 protected:
  // An error (kInterrupted) once cancelled() is true or a signal has come (base/interrupt.h).
  Status go_on();
};

}  // namespace posittune::session
