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
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

Status check_interrupt() {
  if (interrupted == 0) return success();
  return Error{.kind = ErrorKind::kInterrupted,
               .what = "interrupted",
               .hint = "nothing was left half-written"};
}

}  // namespace posittune
