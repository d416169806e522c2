#pragma once

// Interrupts: SIGINT, SIGTERM and SIGHUP set a flag that long loops look at; and the function that
// such loops call, which may stop them.

#include <chrono>
#include <cstddef>
#include <functional>

#include "posittune/base/result.h"

namespace posittune {

// Blocks the signals in all threads (not one that the parent ignores, as nohup does) and waits for
// them in a thread of its own. Call it before any thread is made. A second signal ends the process
// at once.
void watch_interrupts();

// An error (kInterrupted) once a signal has come, or what an InterruptSource of this thread asks
// says so.
Status check_interrupt();

// The error (kInterrupted) of work that its caller has cancelled.
Error cancellation();

// InterruptSource: while it lives, check_interrupt() of the thread that made it also asks `asked`,
// at most 50 times a second; once true it stays so. Sources nest: the innermost is asked.
class InterruptSource {
 public:
  explicit InterruptSource(std::function<bool()> asked);
  ~InterruptSource();
  InterruptSource(const InterruptSource&) = delete;
  InterruptSource& operator=(const InterruptSource&) = delete;

 private:
  friend Status check_interrupt();
  bool raised();
  std::function<bool()> asked_;
  std::chrono::steady_clock::time_point next_;
  bool raised_ = false;
  InterruptSource* outer_;
};

// Called by a long loop with the units (items, steps, elements) done since the last call; an error
// ends the work.
using Advance = std::function<Status(std::size_t done)>;

}  // namespace posittune
