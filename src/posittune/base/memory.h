#pragma once

// Memory that ends is an error of kind kResource, whichever library asked for it.

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "posittune/base/result.h"

namespace posittune {

Error out_of_memory(std::string where, std::string what = "out of memory");

// Whether so many more bytes cannot be had now: a process limit (RLIMIT_AS, RLIMIT_DATA) is near.
inline constexpr std::size_t kMemoryProbe = std::size_t{128} << 20;
bool memory_is_short() noexcept;

// Whether another library, which has no error of its own for it, failed because memory ended: its
// message says so, or memory is short.
bool memory_ended(std::string_view message);

// body() returns a Result; where it throws std::bad_alloc, that is the error.
template <class Body>
auto within_memory(const std::string& where, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return out_of_memory(where);
  }
}

// For an executable, once, first of all. A failed allocation leaves some memory for its report;
// where it was in code that cannot throw, or that did not look (libraries that make machine code),
// the process ends with a message and this exit code in place of a signal. Crashes with memory to
// spare stay what they are.
void end_in_order_without_memory(int exit_code);

}  // namespace posittune
