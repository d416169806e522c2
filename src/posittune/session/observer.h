#pragma once

// What a session tells whoever runs it, and how it is stopped. A session prints nothing itself.

#include <cstddef>
#include <functional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/evaluation/evaluator.h"

namespace posittune::session {

// Called with what was done since the last call; its error ends the work.
using evaluation::Advance;

class Observer {
 public:
  virtual ~Observer() = default;

  // A line the user should know of, without an end of line. Names in it are as they are in the
  // model: make them printable before a terminal gets them.
  virtual void note(const std::string& text);

  // A step of `total` units ("items", "steps", "elements") begins; it ends when what is returned is
  // destroyed. 0: nothing to count. Steps follow one another; calls come from one thread.
  virtual Advance step(const std::string& title, std::size_t total, const std::string& unit);

  // Asked between units: true ends the work with kInterrupted. What was measured is in the journal.
  virtual bool cancelled();

 protected:
  // kInterrupted once cancelled() or a signal (base/interrupt.h) says so.
  Status go_on();
};

}  // namespace posittune::session
