#include "posittune/base/interrupt.h"

#include <csignal>

namespace posittune {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (std::signal(signal, on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

Status check_interrupt() {
  if (interrupted == 0) return success();
  return Error{.kind = ErrorKind::kInterrupted, .what = "interrupted"};
}

}  // namespace posittune
