#pragma once

// SIGINT, SIGTERM and SIGHUP as a flag that long loops look at.

#include "posittune/base/result.h"

namespace posittune {

// Installs the handlers (not for a signal that the parent ignores, as nohup does); a second signal
// ends the process at once.
void watch_interrupts();

// kInterrupted once a signal has come.
Status check_interrupt();

}  // namespace posittune
