#pragma once

// Path speed: how fast this machine multiplies on each path. The instruction set alone does not
// tell: some processors run bf16 at half the rate of fp32, others at twice.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "posittune/engine/settings.h"

namespace posittune::engine {

// PathTimes: seconds of one product of one shape on one thread, for each path; 0: the path does not
// work here.
struct PathTimes {
  double int8 = 0, bf16 = 0, fp32 = 0;

  double of(Path path) const;
};

// Operations of the product that is timed, 128 x 512 x 768, in billions.
inline constexpr double kTimedGflop = 2e-9 * 128 * 512 * 768;

// Measures the times: the best of a few runs of each path, interleaved, about 10 ms in all.
PathTimes measure_path_times();

// The file of the cache, $XDG_CACHE_HOME/posittune/paths.json, or ~/.cache/posittune/paths.json;
// empty where neither variable is set.
std::string path_times_file();

// The times that `file` holds for this processor and oneDNN; else those that `measure` gives, which
// are written there. A file that cannot be read or written is ignored.
PathTimes kept_path_times(const std::string& file, const std::function<PathTimes()>& measure);

// The times of this machine: read or measured once in a process.
const PathTimes& path_times();

// The paths that work, the fastest first. A wider path comes before a narrower one only if it is a
// tenth faster, so that noise does not change results from run to run. The order does not depend on
// the number of threads, so that results do not.
std::vector<Path> order_by_speed(const PathTimes& times);

// Whether POSITTUNE_PATH is set to a known path, so that speed does not decide (settings.h).
bool path_is_forced();

// Paths in the order they are tried: those that the variable allows, or the fastest first. A
// variable with an unknown value counts as unset here.
std::vector<Path> path_order();

// Text that names the path of products that are exact in int8, and of those exact in bf16: "int8
// formats: int8, bf16 formats: fp32". Sums may differ in their last bits between paths, so keys of
// results hold this text.
std::string product_paths();

// The first path of `order` that is exact, see choose_path of settings.h.
Path choose_path(const std::optional<formats::Format>& weight,
                 const std::optional<formats::Format>& activation, bool scale_per_group,
                 quant::Accumulate accumulate, std::span<const Path> order);

}  // namespace posittune::engine
