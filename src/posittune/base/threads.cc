#include "posittune/base/threads.h"

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>

namespace posittune {

int hardware_threads() { return std::max(1, tbb::this_task_arena::max_concurrency()); }

void parallel_for(std::size_t tasks, int threads, const std::function<void(std::size_t)>& body) {
  const auto limit = static_cast<std::size_t>(threads > 0 ? threads : hardware_threads());
  if (limit <= 1 || tasks <= 1) {
    for (std::size_t i = 0; i < tasks; ++i) body(i);
    return;
  }
  const auto run = [&] {
    tbb::parallel_for(std::size_t{0}, tasks, std::size_t{1}, body, tbb::simple_partitioner());
  };
  if (limit >= static_cast<std::size_t>(hardware_threads())) {
    run();
  } else {
    tbb::task_arena(static_cast<int>(limit)).execute(run);
  }
}

}  // namespace posittune
