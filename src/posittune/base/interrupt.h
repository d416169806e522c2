#pragma once

// SIGINT, SIGTERM and SIGHUP as a flag that long loops look at.

#include "posittune/base/result.h"

namespace posittune {

// To be called before any thread is made: blocks the signals in all of them (not one that the
// parent ignores, as nohup does) and waits for them in a thread of its own. A second signal ends
// the process at once.
void watch_interrupts();

// kInterrupted once a signal has come.
Status check_interrupt();

}  // namespace posittune
