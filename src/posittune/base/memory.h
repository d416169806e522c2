#pragma once

// Out of memory: an error of kind kResource, whichever library asked for the memory.

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "posittune/base/result.h"

namespace posittune {

Error out_of_memory(std::string where, std::string what = "out of memory");

// Whether kMemoryProbe more bytes cannot be allocated now: a process limit (RLIMIT_AS, RLIMIT_DATA)
// is near.
inline constexpr std::size_t kMemoryProbe = std::size_t{128} << 20;
bool memory_is_short() noexcept;

// Whether another library failed because memory ended, for which it has no error of its own: its
// message says so, or memory is short.
bool memory_ended(std::string_view message);

// Calls body(), which returns a Result; std::bad_alloc that it throws becomes an out_of_memory()
// error.
template <class Body>
auto within_memory(const std::string& where, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return out_of_memory(where);
  }
}

// Prepares an executable for the end of memory; call it once, first of all. Some memory is set
// aside, so that a failed allocation can be reported. Where an allocation fails in code that cannot
// throw, or does not check (libraries that generate machine code), the process ends with a message
// and this exit code instead of a signal. Crashes while memory is left are not touched.
void end_in_order_without_memory(int exit_code);

}  // namespace posittune
