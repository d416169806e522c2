#include "posittune/base/interrupt.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <utility>

namespace posittune {
namespace {

constexpr std::chrono::milliseconds kAskedEvery{20};

std::atomic<bool> interrupted{false};
thread_local InterruptSource* innermost = nullptr;

// The second signal does what it would do to a program that knows nothing of signals.
void wait_for_signals(sigset_t set) {
  int signal = 0;
  while (sigwait(&set, &signal) == 0) {
    if (!interrupted.exchange(true)) continue;
    std::signal(signal, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    std::raise(signal);
  }
}

}  // namespace

// A thread waits for the signals, which are blocked everywhere, instead of a handler that
// interrupts whatever runs: oneDNN's generated sgemm (2.6.3) keeps data below the stack pointer,
// where the kernel puts the frame of a handler, and dies of it now and then.
void watch_interrupts() {
  sigset_t set;
  sigemptyset(&set);
  bool any = false;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current = {};
    if (sigaction(signal, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) continue;
    sigaddset(&set, signal);
    any = true;
  }
  if (!any || pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return;
  std::thread(wait_for_signals, set).detach();
}

Status check_interrupt() {
  if (interrupted) return Error{.kind = ErrorKind::kInterrupted, .what = "interrupted"};
  if (innermost != nullptr && innermost->raised()) return cancellation();
  return success();
}

Error cancellation() {
  return {.kind = ErrorKind::kInterrupted, .what = "cancelled", .hint = "the same call continues"};
}

InterruptSource::InterruptSource(std::function<bool()> asked)
    : asked_(std::move(asked)), outer_(std::exchange(innermost, this)) {}

InterruptSource::~InterruptSource() { innermost = outer_; }

bool InterruptSource::raised() {
  const auto now = std::chrono::steady_clock::now();
  if (raised_ || now < next_) return raised_;
  next_ = now + kAskedEvery;
  return raised_ = asked_();
}

}  // namespace posittune
