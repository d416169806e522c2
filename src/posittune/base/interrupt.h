#pragma once

// SIGINT and SIGTERM as a flag that long loops look at.

#include "posittune/base/result.h"

namespace posittune {

// Installs the handlers; a second signal ends the process at once.
void watch_interrupts();

// kInterrupted once a signal has come.
Status check_interrupt();

}  // namespace posittune
