#include "posittune/base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>

namespace posittune {
namespace {

constexpr std::size_t kReserve = std::size_t{1}
                                 << 20;  // a mapping of its own, so that it goes back to the system
std::atomic<void*> reserve = nullptr;
int code_without_memory = 1;  // set before any signal may come
std::terminate_handler former_terminate = nullptr;

void release_and_throw() {
  std::free(reserve.exchange(nullptr));
  throw std::bad_alloc();
}

// Only what a signal handler may call.
[[noreturn]] void end() noexcept {
  constexpr std::string_view kMessage = "\nerror: out of memory\n";
  if (::write(STDERR_FILENO, kMessage.data(), kMessage.size()) < 0) ::_exit(code_without_memory);
  ::_exit(code_without_memory);
}

[[noreturn]] void on_terminate() {
  const std::exception_ptr thrown = std::current_exception();
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    end();
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) end();
  } catch (...) {
  }
  if (memory_is_short()) end();
  if (former_terminate != nullptr) former_terminate();
  std::abort();
}

constexpr std::array<int, 3> kSignals = {SIGSEGV, SIGBUS, SIGABRT};
std::array<struct sigaction, kSignals.size()> former_actions;

// What faulted runs again under the former action; abort() raises again by itself.
extern "C" void on_crash(int signal) {
  if (memory_is_short()) end();
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) ::sigaction(signal, &former_actions[i], nullptr);
  }
}

}  // namespace

Error out_of_memory(std::string where, std::string what) {
  return {.kind = ErrorKind::kResource,
          .what = std::move(what),
          .where = std::move(where),
          .hint = "fewer items to a run or fewer threads take less; or a machine with more memory"};
}

bool memory_is_short() noexcept {
  void* more =
      ::mmap(nullptr, kMemoryProbe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more == MAP_FAILED) return true;
  ::munmap(more, kMemoryProbe);
  return false;
}

bool memory_ended(std::string_view message) {
  // "bad_alloc", "can't allocate", "cannot allocate memory"; the last: of a thread's stack.
  constexpr std::array<std::string_view, 4> kSaid = {"alloc", "out of memory", "not enough memory",
                                                     "Resource temporarily unavailable"};
  const auto said = [&](std::string_view part) {
    return message.find(part) != std::string_view::npos;
  };
  return std::any_of(kSaid.begin(), kSaid.end(), said) || memory_is_short();
}

void end_in_order_without_memory(int exit_code) {
  code_without_memory = exit_code;
  reserve = std::malloc(kReserve);  // NOLINT: nothing is made of it
  std::set_new_handler(release_and_throw);
  former_terminate = std::set_terminate(on_terminate);
  struct sigaction action = {};
  action.sa_handler = on_crash;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals[i], &action, &former_actions[i]);
}

}  // namespace posittune
