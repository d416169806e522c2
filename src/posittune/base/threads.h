#pragma once

// Thread use. One pool per process (oneTBB's), shared with the libraries that use it too.

#include <cstddef>
#include <functional>

namespace posittune {

// The number of processors this process may run on (affinity and cgroup respected), at least 1.
int hardware_threads();

// Calls body(i) for i = 0 .. tasks-1 on at most `threads` threads (0 = all) and returns when all
// are done. Tasks must not depend on each other or on which thread runs them; body must not throw.
void parallel_for(std::size_t tasks, int threads, const std::function<void(std::size_t)>& body);

}  // namespace posittune
