#pragma once

// Interrupts: SIGINT, SIGTERM and SIGHUP set a flag that long loops look at; and the function that
// such loops call, which may stop them.

#include <cstddef>
#include <functional>

#include "posittune/base/result.h"

namespace posittune {

// Blocks the signals in all threads (not one that the parent ignores, as nohup does) and waits for
// them in a thread of its own. Call it before any thread is made. A second signal ends the process
// at once.
void watch_interrupts();

// An error (kInterrupted) once a signal has come.
Status check_interrupt();

// Called by a long loop with the units (items, steps, elements) done since the last call; an error
// ends the work.
using Advance = std::function<Status(std::size_t done)>;

}  // namespace posittune
